"""Creating, changing, suspending and resuming tenants."""

from typing import Any

from django.conf import settings
from django.db.models import Q

from accounts.models import User
from kernel import audit, work
from kernel.clock import now
from kernel.events import emit
from kernel.mongo.doors import ObjectId, UniqueViolation, collection
from kernel.mongo.ids import new_id
from kernel.mongo.transactions import (
    on_commit,
    outside_transaction,
    run_transaction,
    transactional,
)
from kernel.scoping import Reason, active_tenant_id, tenant_scope, unscoped
from kernel.vault import create_tenant_key
from kernel.work import Hold
from tenants.access import acting_as_system, require
from tenants.errors import LimitReached, SlugTaken
from tenants.events import TenantCreated, TenantRenamed, TenantResumed, TenantSuspended
from tenants.models import Membership, Tenant, TenantSettings
from tenants.permissions import Permission
from tenants.selectors import get_tenant
from tenants.services.validation import validated

SUSPENDED = "tenant_suspended"


def create_tenant(*, maker: User, name: str, slug: str, id: str | None = None) -> Tenant:
    """A new tenant with its settings, its data key and its maker as owner; all or nothing.

    ``id`` is for a caller that may repeat itself: the second time it is taken (``SlugTaken``). Raises
    ``LimitReached`` for who has made as many as one person may.
    """
    tenant = Tenant(pk=id or new_id(), name=name, slug=slug, made_by_id=maker.pk)
    validated(tenant)
    while True:
        try:
            return run_transaction(lambda: _create(tenant, maker))
        except UniqueViolation as error:
            if _is_taken(tenant):
                raise SlugTaken(errors=[{"field": "slug", "code": "taken"}]) from error
            # The person made another one at the same moment, which took the number: the next, then.


def _is_taken(tenant: Tenant) -> bool:
    with outside_transaction():
        return Tenant.objects.filter(Q(slug=tenant.slug) | Q(pk=tenant.pk)).exists()


def next_made_by(person: User) -> int | None:
    """The number that a person's next tenant gets, None without a limit; raises ``LimitReached``."""
    most: int | None = settings.TENANTS_PER_PERSON
    if most is None:
        return None
    made = Tenant.objects.filter(made_by_id=person.pk, made_number__isnull=False)
    taken = set(made.values_list("made_number", flat=True)[:most])
    if len(taken) >= most:
        raise LimitReached(f"one person makes at most {most} tenants; erase one, or ask staff",
                           limit="tenants_per_person", most=most)  # fmt: skip
    return next(number for number in range(1, most + 1) if number not in taken)


def _create(tenant: Tenant, maker: User) -> Tenant:
    tenant.made_number = next_made_by(maker)
    tenant._state.adding = True
    tenant.save(force_insert=True)
    with tenant_scope(tenant), acting_as_system():
        create_tenant_key()
        TenantSettings.objects.create()
        owner = Membership.objects.create(
            user=maker, role="owner", email=maker.email, name=maker.name
        )
        audit.record("tenant.created", tenant, {"slug": [None, tenant.slug]})
        audit.record("member.added", owner, {"role": [None, "owner"]})
        emit(TenantCreated(tenant_id=tenant.pk, slug=tenant.slug))
    return tenant


def change_tenant(*, name: str | None = None, slug: str | None = None) -> Tenant:
    """Rename the active tenant; its slug is what people name it by from the next request on.

    Raises ``SlugTaken``. Ids and keys stay what they are.
    """
    require(Permission.TENANT_MANAGE)
    try:
        return run_transaction(lambda: _change({"name": name, "slug": slug}))
    except UniqueViolation as error:
        raise SlugTaken(errors=[{"field": "slug", "code": "taken"}]) from error


def _change(wanted: dict[str, str | None]) -> Tenant:
    tenant = get_tenant()
    before = {n: getattr(tenant, n) for n, v in wanted.items()
              if v is not None and v != getattr(tenant, n)}  # fmt: skip
    for name in before:
        setattr(tenant, name, wanted[name])
    validated(tenant)
    if before:
        tenant.save(update_fields=list(before))
        audit.record("tenant.changed", tenant, {n: [v, wanted[n]] for n, v in before.items()})
        emit(TenantRenamed(tenant_id=tenant.pk, slug=tenant.slug))
    return tenant


@transactional
def suspend_tenant(*, tenant: Tenant, reason: str) -> Tenant:
    """Stop the tenant: its inbound is parked, its sends are held, its API answers 403.

    What it is already nothing happens to.
    """
    require(Permission.TENANT_MANAGE)
    at = now()
    if _switched(tenant, Tenant.ACTIVE, {"status": Tenant.SUSPENDED, "suspended_at": at}):
        audit.record("tenant.suspended", tenant, reason=reason)
        emit(TenantSuspended(tenant_id=tenant.pk))
    return tenant


@transactional
def resume_tenant(*, tenant: Tenant, reason: str) -> Tenant:
    """Open the tenant again: what was parked goes on, in order."""
    require(Permission.TENANT_MANAGE)
    if _switched(tenant, Tenant.SUSPENDED, {"status": Tenant.ACTIVE, "suspended_at": None}):
        audit.record("tenant.resumed", tenant, reason=reason)
        emit(TenantResumed(tenant_id=tenant.pk))
    on_commit(lambda: _release(tenant.pk))
    return tenant


def _switched(tenant: Tenant, expected: str, fields: dict[str, Any]) -> bool:
    """Compare and set, so that of two who switch at once one does; ``tenant`` shows what is now."""
    known = {"_id": ObjectId(tenant.pk), "status": expected}
    done = collection(Tenant).update_one(known, {"$set": fields}).matched_count == 1
    tenant.refresh_from_db(fields=list(fields))
    return done


def _release(tenant_id: str) -> None:
    work.release_held(SUSPENDED, tenant_id=tenant_id)


def is_suspended(tenant_id: str) -> bool:
    """Asked by workers before each effect."""
    suspended = {"_id": ObjectId(tenant_id), "status": Tenant.SUSPENDED}
    return collection(Tenant).find_one(suspended, {"_id": 1}) is not None


def hold_while_suspended() -> None:
    """Raise ``Hold`` in a suspended tenant: the lane waits, in order, until it is resumed."""
    if is_suspended(active_tenant_id()):
        raise Hold(SUSPENDED)


def tenants_of(person: User) -> list[tuple[Tenant, str]]:
    """The person's tenants with their role in each, by slug."""
    with unscoped(Reason.LIST_MY_TENANTS):
        roles = dict(
            Membership.objects.filter(user_id=person.pk, status=Membership.ACTIVE)
            .values_list("tenant_id", "role")
        )  # fmt: skip
    found = sorted(Tenant.objects.filter(pk__in=list(roles)), key=lambda tenant: tenant.slug)
    return [(tenant, roles[tenant.pk]) for tenant in found]
