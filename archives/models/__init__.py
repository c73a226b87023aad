"""Exports, imports, erasures and what retention removed."""

from archives.models.erasure import ContactErasure, Erasure
from archives.models.export import Export
from archives.models.imported import Import
from archives.models.retention import RetentionRun

__all__ = ["ContactErasure", "Erasure", "Export", "Import", "RetentionRun"]
