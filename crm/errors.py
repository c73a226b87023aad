"""Refusals about contacts."""

from kernel.errors import NotFound, PreconditionFailed


class ContactNotFound(NotFound):
    code = "contact_not_found"
    title = "There is no such contact"


class StaleContact(PreconditionFailed):
    code = "stale_version"
    title = "Someone changed this contact meanwhile"
