"""Refusals of archives."""

from kernel.errors import Invalid


class ArchiveRefused(Invalid):
    code = "archive_refused"
    title = "This archive cannot be taken in"
