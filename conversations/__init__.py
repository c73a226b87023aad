"""Conversation agent: conversations, their state, assignment and counters."""
