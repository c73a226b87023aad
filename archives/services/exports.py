"""Asking for an export, cancelling it, and the link to what came of it."""

from django.conf import settings
from django.core import signing

from archives.errors import ExportNotFound, ExportOver, ExportRunning
from archives.models import Export
from archives.selectors import OF_CONTACTS, get_export
from archives.services.exporting import KIND
from crm.selectors import get_contact
from kernel import audit, work
from kernel.mongo.doors import ObjectId, UniqueViolation, collection, owner
from kernel.mongo.ids import new_id
from kernel.mongo.transactions import run_transaction
from kernel.scoping import active_tenant_id
from kernel.work.items import lane_key
from tenants.access import current_principal, require
from tenants.permissions import Permission
from tenants.readers import Reader, present_reader
from tenants.services.limits import using

SALT = "export-link"


def ask_export() -> Export:
    """Begin an archive of the whole tenant; ``ExportRunning`` while another is being written."""
    require(Permission.EXPORTS_CREATE)
    return _begin("", "tenant.export_asked")


def ask_contact_export(*, contact_id: str) -> Export:
    """Begin an archive of one contact; only who sees all conversations may, for it has all of theirs."""
    require(*OF_CONTACTS)
    get_contact(contact_id)
    return _begin(contact_id, "contact.export_asked")


def _begin(contact_id: str, action: str) -> Export:
    def body() -> Export:
        id_ = new_id()
        by = current_principal().member_id
        export = Export(pk=id_, lane=id_, contact_id=contact_id, asked_by_id=by)
        work.enqueue(KIND, export)
        audit.record(action, export, {"contact_id": [None, contact_id]} if contact_id else None)
        return export

    try:
        with using("exports_per_day"):
            return run_transaction(body)
    except UniqueViolation as error:
        raise ExportRunning from error


def cancel_export(*, export_id: str) -> Export:
    """Stop it, or remove what it made; the file goes with its next turn."""
    export = get_export(export_id)
    if not export.open:
        raise ExportOver(f"it is {export.phase}")

    def body() -> None:
        mine = {**owner(), "_id": ObjectId(export.pk), "open": True}
        collection(Export).update_one(mine, {"$set": {"is_cancelled": True}})
        work.mark(KIND, lane_key(export.lane))
        audit.record("export.cancelled", export)

    run_transaction(body)
    return get_export(export_id)


def link_to(export: Export) -> str:
    """An address that serves the archive for an hour, as long as whoever acts now may read it."""
    token = signing.dumps([active_tenant_id(), export.pk, *present_reader()], salt=SALT)
    return f"{settings.PUBLIC_URL}/api/v1/exports/content/{token}"


def opened(token: str) -> tuple[str, str, Reader]:
    """Tenant id, export id and reader of a link; ``ExportNotFound`` if it is forged or has expired."""
    try:
        tenant_id, export_id, kind, reader_id = signing.loads(
            token, salt=SALT, max_age=settings.MEDIA_LINK_S
        )
    except (signing.BadSignature, ValueError) as error:
        raise ExportNotFound from error
    return tenant_id, export_id, (kind, reader_id)


def fetch_export(export_id: str) -> Export:
    """The export whose file is about to be served, to whoever may read it; each time is recorded."""
    export = get_export(export_id)
    if export.phase != Export.READY or export.is_cancelled:
        raise ExportNotFound
    run_transaction(lambda: audit.record("export.fetched", export))
    return export
