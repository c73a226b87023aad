"""The contacts' part of the API."""
