"""The Archive agent's part of the REST API."""
