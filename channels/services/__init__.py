"""Writes of the Channel Integration agent."""
