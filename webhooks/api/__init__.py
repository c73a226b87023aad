"""The Webhook agent's part of the API: the inbound ledger."""
