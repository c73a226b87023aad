"""Asking for the end of a tenant, and thinking better of it."""

from datetime import timedelta

from django.conf import settings

from archives.errors import ErasureBegun, ErasureOpen, NotConfirmed
from archives.events import ErasureAsked, ErasureCancelled
from archives.models import Erasure
from archives.selectors import get_erasure
from archives.services import erasing, erasure_mail
from kernel import audit, work
from kernel.clock import now
from kernel.events import emit
from kernel.mongo.doors import ObjectId, UniqueViolation, collection
from kernel.mongo.transactions import on_commit, run_transaction
from kernel.scoping import active_tenant_id, tenant_scope
from tenants.access import require
from tenants.errors import PermissionDenied
from tenants.events import TenantResumed, TenantSuspended
from tenants.models import Tenant
from tenants.permissions import Permission
from tenants.services.closing import close, lift
from tenants.services.tenant import release


def ask_erasure(*, slug: str, grace_days: int | None = None) -> Erasure:
    """Suspend the tenant now and erase it after the grace period; a person repeats its slug to say so.

    All its owners are written to, for any of them can cancel it. ``grace_days`` may be longer than
    the installation's, never shorter but by staff.
    """
    principal = require(Permission.TENANT_ERASE)
    if not principal.user_id:
        raise PermissionDenied("a person asks for this, not a key", missing=["person"])
    tenant = Tenant.objects.get(pk=active_tenant_id())
    if slug != tenant.slug:
        raise NotConfirmed(errors=[{"field": "slug", "code": "other"}])
    least = settings.ERASE_GRACE_DAYS
    days = least if grace_days is None else max(grace_days, least)

    def body() -> Erasure:
        erasure = Erasure(erased_tenant_id=tenant.pk, slug=tenant.slug,
                          asked_by_id=principal.user_id, due_at=now() + timedelta(days=days))  # fmt: skip
        erasure.save(force_insert=True)
        was_open = close(tenant.pk, Tenant.BY_ERASURE) == []
        work.mark(erasing.KIND, erasure.pk, due_at=erasure.due_at, tenant_id="")
        work.mark(erasure_mail.KIND, erasure.pk, tenant_id="")
        audit.record("tenant.erasure_asked", tenant, {"erasure": [None, erasure.pk]})
        if was_open:
            emit(TenantSuspended(tenant_id=tenant.pk))
        emit(ErasureAsked(erasure_id=erasure.pk))
        return erasure

    try:
        return run_transaction(body)
    except UniqueViolation as error:
        raise ErasureOpen from error


def cancel_erasure(*, erasure_id: str, user_id: str) -> Erasure:
    """Keep the tenant: by who asked, or by any of its owners; until the grace period ends.

    One that staff suspended meanwhile, or before, stays suspended.
    """
    found = get_erasure(erasure_id, user_id=user_id)

    def body() -> None:
        waiting = {"_id": ObjectId(erasure_id), "state": Erasure.WAITING}
        change = {"$set": {"state": Erasure.CANCELLED, "is_open": False, "finished_at": now()}}
        if not collection(Erasure).update_one(waiting, change).matched_count:
            raise ErasureBegun
        with tenant_scope(found.erased_tenant_id) as tenant_id:
            is_open = lift(tenant_id, Tenant.BY_ERASURE)
            audit.record("tenant.erasure_cancelled", ("tenant", tenant_id))
            emit(ErasureCancelled(erasure_id=erasure_id))
            if is_open:
                emit(TenantResumed(tenant_id=tenant_id))
                on_commit(lambda: release(tenant_id))

    run_transaction(body)
    found.refresh_from_db()
    return found
