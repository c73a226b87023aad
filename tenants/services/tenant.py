"""Creating, changing, suspending and resuming tenants."""

from typing import Any
from zoneinfo import available_timezones

from accounts.models import User
from kernel import audit, work
from kernel.clock import now
from kernel.events import emit
from kernel.mongo.doors import ObjectId, UniqueViolation, collection
from kernel.mongo.ids import new_id
from kernel.mongo.transactions import on_commit, run_transaction, transactional
from kernel.scoping import Reason, tenant_scope, unscoped
from kernel.vault import create_tenant_key
from tenants.access import acting_as_system, require
from tenants.errors import InvalidFields, SlugTaken
from tenants.events import TenantCreated, TenantResumed, TenantSuspended
from tenants.models import Membership, Tenant, TenantSettings
from tenants.permissions import Permission
from tenants.services.validation import validated

SUSPENDED = "tenant_suspended"


def create_tenant(*, maker: User, name: str, slug: str, id: str | None = None) -> Tenant:
    """A new tenant with its settings, its data key and its maker as owner; all or nothing.

    ``id`` is for a caller that may repeat itself: the second time it is taken (``SlugTaken``).
    """
    tenant = Tenant(pk=id or new_id(), name=name, slug=slug)
    validated(tenant)
    try:
        return run_transaction(lambda: _create(tenant, maker))
    except UniqueViolation as error:
        raise SlugTaken(errors=[{"field": "slug", "code": "taken"}]) from error


def _create(tenant: Tenant, maker: User) -> Tenant:
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


@transactional
def change_tenant(*, tenant: Tenant, name: str) -> Tenant:
    """Rename the tenant."""
    require(Permission.TENANT_MANAGE)
    before, tenant.name = tenant.name, name
    validated(tenant)
    tenant.save(update_fields=["name"])
    audit.record("tenant.changed", tenant, {"name": [before, name]})
    return tenant


@transactional
def change_settings(**changes: Any) -> TenantSettings:
    """Change the tenant's settings; unknown names are the serializer's refusal."""
    require(Permission.TENANT_MANAGE)
    if changes.get("time_zone", "UTC") not in available_timezones():
        problem = {"field": "time_zone", "code": "unknown", "detail": "not in the IANA database"}
        raise InvalidFields(errors=[problem])
    settings = TenantSettings.objects.get()
    before = {name: getattr(settings, name) for name in changes}
    for name, value in changes.items():
        setattr(settings, name, value)
    validated(settings)
    settings.save(update_fields=list(changes))
    audit.record("settings.changed", settings, {n: [before[n], v] for n, v in changes.items()})
    return settings


@transactional
def suspend_tenant(*, tenant: Tenant, reason: str) -> Tenant:
    """Stop the tenant: its inbound is parked, its sends are held, its API answers 403."""
    require(Permission.TENANT_MANAGE)
    tenant.status, tenant.suspended_at = Tenant.SUSPENDED, now()
    tenant.save(update_fields=["status", "suspended_at"])
    audit.record("tenant.suspended", tenant, reason=reason)
    emit(TenantSuspended(tenant_id=tenant.pk))
    return tenant


@transactional
def resume_tenant(*, tenant: Tenant, reason: str) -> Tenant:
    """Open the tenant again: what was parked goes on, in order."""
    require(Permission.TENANT_MANAGE)
    tenant.status, tenant.suspended_at = Tenant.ACTIVE, None
    tenant.save(update_fields=["status", "suspended_at"])
    audit.record("tenant.resumed", tenant, reason=reason)
    emit(TenantResumed(tenant_id=tenant.pk))
    on_commit(lambda: _release(tenant.pk))
    return tenant


def _release(tenant_id: str) -> None:
    work.release_held(SUSPENDED, tenant_id=tenant_id)


def is_suspended(tenant_id: str) -> bool:
    """Asked by workers before each effect."""
    suspended = {"_id": ObjectId(tenant_id), "status": Tenant.SUSPENDED}
    return collection(Tenant).find_one(suspended, {"_id": 1}) is not None


def tenants_of(person: User) -> list[tuple[Tenant, str]]:
    """The person's tenants with their role in each, by slug."""
    with unscoped(Reason.LIST_MY_TENANTS):
        roles = dict(
            Membership.objects.filter(user_id=person.pk, status=Membership.ACTIVE)
            .values_list("tenant_id", "role")
        )  # fmt: skip
    found = sorted(Tenant.objects.filter(pk__in=list(roles)), key=lambda tenant: tenant.slug)
    return [(tenant, roles[tenant.pk]) for tenant in found]
