"""The event stream: a tenant's feed as server-sent events, resumable from any number."""
