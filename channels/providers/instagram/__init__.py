"""Instagram Messaging as a channel, by Instagram Login or through a Facebook Page; see `provider.py`."""
