"""The Channel Integration agent's part of the API: connected accounts."""
