"""Writes of the Message agent that people ask for."""
