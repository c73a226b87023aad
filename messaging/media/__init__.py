"""Files of messages: fetched from the provider, kept in our storage, served by signed links."""
