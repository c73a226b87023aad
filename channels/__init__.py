"""Channel Integration agent: connected accounts, their credentials and health, and the providers."""
