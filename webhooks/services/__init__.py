"""Writes of the Webhook agent."""
