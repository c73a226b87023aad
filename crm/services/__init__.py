"""Writes about contacts."""
