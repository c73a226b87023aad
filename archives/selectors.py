"""Reads of the Archive agent."""

from collections.abc import Callable

from django.db.models import QuerySet

from archives.errors import ErasureNotFound, ExportNotFound, ImportNotFound
from archives.models import ContactErasure, Erasure, Export, Import, RetentionRun
from kernel.mongo.doors import ObjectId
from kernel.mongo.rows import find_one
from kernel.scoping import tenant_scope
from tenants.access import current_principal, require
from tenants.ends import End
from tenants.models import Membership, TenantSettings
from tenants.models.settings import RETAINED
from tenants.permissions import Permission

# A provider repeats a webhook for up to a week; what would recognise it stays longer than that.
LEAST_DAYS = {"raw_deliveries": 14}
# A contact's archive has every conversation with them, also those that others have.
OF_CONTACTS = frozenset({Permission.CONTACTS_EXPORT, Permission.CONVERSATIONS_READ_ALL})


def list_exports() -> QuerySet[Export]:
    """The tenant's exports, those of single contacts too."""
    require(Permission.EXPORTS_CREATE)
    return Export.objects.all()


def get_export(export_id: str) -> Export:
    """One export; that of a contact is also for those who may make one. ``ExportNotFound``."""
    held = current_principal().permissions
    if Permission.CONTACTS_EXPORT not in held:
        require(Permission.EXPORTS_CREATE)
    export = Export.objects.filter(pk=export_id).first()
    if export is None or not (Permission.EXPORTS_CREATE in held or _is_theirs(export, held)):
        raise ExportNotFound
    return export


def _is_theirs(export: Export, held: frozenset[str]) -> bool:
    return bool(export.contact_id) and held >= OF_CONTACTS


def list_imports(*, user_id: str) -> QuerySet[Import]:
    """What a person imported or tried to, but for tenants that were erased since."""
    return Import.objects.filter(user_id=user_id)


def get_import(import_id: str, *, user_id: str) -> Import:
    """A person's own import; raises ``ImportNotFound``."""
    found = Import.objects.filter(pk=import_id, user_id=user_id).first()
    if found is None:
        raise ImportNotFound
    return found


def get_erasure(
    erasure_id: str, *, user_id: str, oversees: Callable[[str], bool] | None = None
) -> Erasure:
    """An erasure that the person asked for, or of a tenant that they own, or (by its id) oversee as staff.

    Raises ``ErasureNotFound``.
    """
    found = find_one(Erasure, {"_id": ObjectId(erasure_id)})
    if found is None:
        raise ErasureNotFound
    if found.asked_by_id == user_id or _owns(user_id, found.erased_tenant_id):
        return found
    if not (oversees and oversees(found.erased_tenant_id)):
        raise ErasureNotFound
    return found


def _owns(user_id: str, tenant_id: str) -> bool:
    """Whether the person is an active owner; asked from outside of the tenant, which is suspended."""
    mine = {"user_id": user_id, "role": "owner", "status": Membership.ACTIVE}
    with tenant_scope(tenant_id):
        return bool(user_id) and Membership.objects.filter(**mine).exists()


def ends_of(tenant_ids: list[str]) -> dict[str, End]:
    """Tenant id → the erasure that was asked for, of those that have one."""
    rows = Erasure.objects.filter(erased_tenant_id__in=tenant_ids, is_open=True)
    return {row.erased_tenant_id: End(row.pk, row.due_at) for row in rows}


def list_contact_erasures() -> QuerySet[ContactErasure]:
    """The tenant's erasures of contacts, with their certificates."""
    require(Permission.CONTACTS_ERASE)
    return ContactErasure.objects.all()


def get_contact_erasure(erasure_id: str) -> ContactErasure:
    """One erasure of a contact; raises ``ErasureNotFound``."""
    require(Permission.CONTACTS_ERASE)
    found = ContactErasure.objects.filter(pk=erasure_id).first()
    if found is None:
        raise ErasureNotFound
    return found


def list_retention_runs() -> QuerySet[RetentionRun]:
    """What each day removed because the tenant does not want to keep it longer."""
    require(Permission.SETTINGS_MANAGE)
    return RetentionRun.objects.all()


def retention_days() -> dict[str, int]:
    """Kind → days after which the active tenant wants it gone; kinds that are kept are absent."""
    settings = TenantSettings.objects.first()
    chosen = (settings.retention_days if settings else None) or {}
    return {
        kind: max(days, LEAST_DAYS.get(kind, 1))
        for kind, days in chosen.items()
        if kind in RETAINED and isinstance(days, int) and days > 0
    }
