"""The control API under /_sim/, with which tests and the telephone page play the customer."""
