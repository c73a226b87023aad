"""What runs for each request or message reads by an index."""
