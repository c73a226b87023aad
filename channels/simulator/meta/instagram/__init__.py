"""The Instagram room: what people write to an account, what it may send, comments and logins."""
