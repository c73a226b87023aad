"""Webhook agent: the inbound edge, the ledger of what providers sent, and its way into messaging."""
