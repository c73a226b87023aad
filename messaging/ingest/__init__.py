"""Ingest: internal events of a lane become contacts, conversations, messages and updates, in one transaction."""

from messaging.ingest.apply import Inbound, apply_batch

__all__ = ["Inbound", "apply_batch"]
