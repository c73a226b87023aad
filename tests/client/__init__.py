"""A client that a stranger's generator makes of our schema."""
