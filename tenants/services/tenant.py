"""Creating, changing, suspending and resuming tenants."""

from django.conf import settings
from django.db.models import Q

from accounts.models import User
from kernel import audit, work
from kernel.actor import current_actor
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
from tenants.services.closing import close, lift_staffs
from tenants.services.validation import validated

SUSPENDED = "tenant_suspended"
CLOSING = ("status", "suspended_at", "closed_by")


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
    # Whoever makes it is named, though nobody holds a permission in it yet.
    with tenant_scope(tenant), acting_as_system(by=current_actor()):
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

    Of one that is closed for another cause (an erasure, an import) it is one cause more, which
    stays when the other ends. One that staff suspended stays as it is.
    """
    require(Permission.TENANT_MANAGE)
    before = close(tenant.pk, Tenant.BY_STAFF)
    if before is not None:
        audit.record("tenant.suspended", tenant, reason=reason)
    if before == []:
        emit(TenantSuspended(tenant_id=tenant.pk))
    tenant.refresh_from_db(fields=CLOSING)
    return tenant


@transactional
def resume_tenant(*, tenant: Tenant, reason: str) -> Tenant:
    """Open the tenant again: what was parked goes on, in order.

    Raises ``ErasureOpen`` and ``TenantIncomplete`` while an erasure or an import keeps it closed.
    """
    require(Permission.TENANT_MANAGE)
    if lift_staffs(tenant.pk):
        audit.record("tenant.resumed", tenant, reason=reason)
        emit(TenantResumed(tenant_id=tenant.pk))
    on_commit(lambda: release(tenant.pk))
    tenant.refresh_from_db(fields=CLOSING)
    return tenant


def release(tenant_id: str) -> None:
    """What was held while it was suspended goes on; after the commit that opened it."""
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
    roles = roles_of(person.pk)
    found = sorted(Tenant.objects.filter(pk__in=list(roles)), key=lambda tenant: tenant.slug)
    return [(tenant, roles[tenant.pk]) for tenant in found]


def roles_of(user_id: str, *, also_ended: bool = False) -> dict[str, str]:
    """A person's role in each of their tenants, by its id; ``also_ended`` where they had one."""
    statuses = Membership.STATUSES if also_ended else (Membership.ACTIVE,)
    with unscoped(Reason.LIST_MY_TENANTS):
        return dict(
            Membership.objects.filter(user_id=user_id, status__in=statuses)
            .values_list("tenant_id", "role")
        )  # fmt: skip
