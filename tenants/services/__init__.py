"""Writes of the Tenant agent."""
