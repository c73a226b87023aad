"""Refusals of the Archive agent."""

from kernel.errors import Conflict, Invalid, NotFound, TooLarge
from tenants.errors import ErasureOpen as ErasureOpen


class ExportNotFound(NotFound):
    code = "export_not_found"
    title = "There is no such export"


class ExportRunning(Conflict):
    code = "export_running"
    title = "An export of this tenant is being written already"


class ExportOver(Conflict):
    code = "export_over"
    title = "This export is over"


class ImportNotFound(NotFound):
    code = "import_not_found"
    title = "You have no such import"


class ImportRunning(Conflict):
    code = "import_running"
    title = "Another import of yours is under way"


class ArchiveTooLarge(TooLarge):
    code = "archive_too_large"
    title = "This archive is too large to be uploaded; `manage.py import_tenant` takes it"


class ErasureNotFound(NotFound):
    code = "erasure_not_found"
    title = "There is no such erasure for you"


class ErasureBegun(Conflict):
    code = "erasure_begun"
    title = "This erasure cannot be cancelled any more"


class NotConfirmed(Invalid):
    code = "not_confirmed"
    title = "Write the tenant's slug to confirm"
