"""Contacts and how providers know them."""
