"""Writes of the Conversation agent."""
