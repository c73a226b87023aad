"""Support staff inside a tenant: by a grant, under their own name, or for a while as one of its members."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import structlog
from django.conf import settings
from django.db.models import Q

from accounts.factors import has_second_factor
from accounts.models import User
from accounts.tokens import signed_in_at
from kernel.errors import NotFound
from kernel.mongo.doors import ObjectId
from kernel.scoping import Reason, tenant_scope, unscoped
from tenants.access import Principal, acting
from tenants.errors import (
    ImpersonationEnded,
    NotSignedIn,
    SecondFactorRequired,
    TenantNotFound,
    TenantSuspended,
)
from tenants.models import Impersonation, Membership, StaffGrant, Tenant
from tenants.permissions import Permission as P
from tenants.principals import principal_of_member
from tenants.services.support import begin_impersonation, end_impersonation

# The session's key of the running impersonation: ``{"id", "tenant_id", "slug"}``.
ACTING_AS = "backoffice_acting_as"
MOST_GRANTS = 1000
WITHHELD = frozenset({
    P.TENANT_MANAGE, P.TENANT_ERASE, P.SETTINGS_MANAGE, P.EXPORTS_CREATE, P.MEMBERS_INVITE,
    P.MEMBERS_MANAGE, P.ROLES_MANAGE, P.API_KEYS_MANAGE, P.CHANNELS_MANAGE, P.CHANNELS_CREDENTIALS,
    P.CONTACTS_EXPORT, P.CONTACTS_ERASE, P.WEBHOOKS_MANAGE,
})  # fmt: skip
"""What nobody does under another's name: credentials, who is in, what the tenant chose, copies, erasure.

A member's own sign-in (password, second factor, sessions) is out of reach anyway: the
browser's session stays that of the member of staff.
"""


def staff_principal(user: User) -> Principal:
    """What services and the audit log see of a member of staff."""
    return Principal(kind="staff", id=user.pk, member_id="", user_id=user.pk, name=user.get_full_name(),
                     role="owner", permissions=frozenset(P))  # fmt: skip


def may_enter(user: User, tenant: Tenant) -> bool:
    """Superusers enter every tenant, other staff those that they were granted, until the grant ends.

    A membership opens nothing here: the backoffice knows no roles, so it would raise them.
    """
    if user.is_superuser:
        return True
    with tenant_scope(tenant):
        return StaffGrant.objects.filter(StaffGrant.opens(user.pk)).exists()


@contextmanager
def operating(request: Any, tenant_id: str) -> Iterator[Tenant]:
    """Act in the tenant that a superuser names from outside; ``TenantNotFound`` for everybody else."""
    with _entered(request, tenant_id, lambda user, tenant: _is_operator(user)) as tenant:
        yield tenant


@contextmanager
def entering(request: Any, tenant_id: str) -> Iterator[Tenant]:
    """The same for all staff who may enter the tenant: by a grant, or as superusers."""
    with _entered(request, tenant_id, _is_let_in) as tenant:
        yield tenant


@contextmanager
def _entered(
    request: Any, tenant_id: str, is_admitted: Callable[[User, Tenant], bool]
) -> Iterator[Tenant]:
    tenant = Tenant.objects.filter(pk=tenant_id).first()
    if tenant is None or not is_admitted(request.user, tenant):
        raise TenantNotFound
    _demand_proof(request, request.user)
    with staff_in(tenant, request):
        yield tenant


def operator(request: Any) -> User:
    """The superuser who asks about the installation; ``NotFound`` for everybody else."""
    user: User = request.user
    if not _is_operator(user):
        raise NotFound
    _demand_proof(request, user)
    return user


def oversees(request: Any, tenant_id: str) -> bool:
    """Whether the request's person may read, as staff and from outside, what is kept of a tenant.

    Superusers of every one, even after its end; other staff while a grant lets them into it.
    """
    user = request.user
    if not (user.is_active and user.is_staff and _is_proven(user) and _is_fresh(request)):
        return False
    return bool(user.is_superuser) or tenant_id in open_grants(user)


def _is_operator(user: User) -> bool:
    return user.is_active and user.is_staff and user.is_superuser


def _is_let_in(user: User, tenant: Tenant) -> bool:
    return user.is_active and user.is_staff and may_enter(user, tenant)


def _demand_proof(request: Any, user: User) -> None:
    """A second factor and a sign-in of today are asked here as in the backoffice.

    Only how long somebody was away is not, because a request to the API is no visit.
    """
    if not _is_proven(user):
        raise SecondFactorRequired
    if not _is_fresh(request):
        raise NotSignedIn("sign in again: what staff do asks for a sign-in of today")


def _is_proven(user: User) -> bool:
    return not settings.STAFF_SECOND_FACTOR or has_second_factor(user)


def _is_fresh(request: Any) -> bool:
    return time.time() - signed_in_at(request) <= settings.STAFF_SESSION_S


def enterable_ids(user: User) -> list[str] | None:
    """The tenants that a member of staff may enter; None for all."""
    return None if user.is_superuser else list(open_grants(user))


def open_grants(user: User) -> dict[str, StaffGrant]:
    """The grants of a member of staff by tenant id, of each tenant the one that lasts longest."""
    with unscoped(Reason.PLATFORM_ADMIN):
        found = StaffGrant.objects.filter(StaffGrant.opens(user.pk)).order_by("expires_at")
        return {grant.tenant_id: grant for grant in found[:MOST_GRANTS]}


@contextmanager
def staff_in(tenant: Tenant, request: Any) -> Iterator[Principal]:
    """Act in ``tenant`` as the request's member of staff.

    While they act as one of its members the audit log names both, for what they read too.
    """
    running = running_impersonation(request)
    member_id = running.member_id if running and running.tenant_id == tenant.pk else ""
    principal = staff_principal(request.user)
    if member_id:
        principal = replace(principal, on_behalf_of=member_id, staff_id=request.user.pk)
    with _acting_in(tenant, request, principal):
        yield principal


@contextmanager
def as_member(request: Any) -> Iterator[Principal]:
    """Act as the member whom the request's member of staff impersonates, with no more than that one may.

    Raises ``ImpersonationEnded`` when nobody is impersonated any more.
    """
    running = running_impersonation(request)
    if running is None:
        raise ImpersonationEnded
    tenant, principal = _impersonated(request.user, running)
    with _acting_in(tenant, request, principal):
        yield principal


@contextmanager
def _acting_in(tenant: Tenant, request: Any, principal: Principal) -> Iterator[None]:
    with ExitStack() as stack:
        stack.enter_context(structlog.contextvars.bound_contextvars(
            tenantId=tenant.pk, user_id=principal.user_id))  # fmt: skip
        stack.enter_context(tenant_scope(tenant))
        stack.enter_context(acting(principal, ip=request.client_ip, request_id=request.request_id))
        yield


def running_impersonation(request: Any) -> Impersonation | None:
    """The impersonation of this browser's session, as long as it runs and its tenant may be entered."""
    if not hasattr(request, "running_impersonation"):
        request.running_impersonation = _running(request)
    found: Impersonation | None = request.running_impersonation
    return found


def _running(request: Any) -> Impersonation | None:
    kept = request.session.get(ACTING_AS)
    user = request.user
    if not kept or not (user.is_active and user.is_staff):
        return None
    tenant = Tenant.objects.filter(pk=kept["tenant_id"]).first()
    if tenant is None or not may_enter(user, tenant):
        return None
    with tenant_scope(tenant):
        found = Impersonation.objects.filter(pk=kept["id"], user_id=user.pk).first()
    return found if found is not None and found.is_running else None


def begin_acting(request: Any, member: Membership, reason: str) -> Impersonation:
    """Let this browser act as ``member`` for half an hour; it acts as one at a time."""
    end_acting(request)
    begun = begin_impersonation(by=request.user, member_id=member.pk, reason=reason)
    tenant = Tenant.objects.get(pk=begun.tenant_id)
    request.session[ACTING_AS] = {"id": begun.pk, "tenant_id": tenant.pk, "slug": tenant.slug}
    request.running_impersonation = begun
    return begun


def end_acting(request: Any) -> None:
    """End what this browser has begun in the active tenant, if it still runs."""
    running = running_impersonation(request)
    request.session.pop(ACTING_AS, None)
    request.running_impersonation = None
    if running is not None:
        end_impersonation(impersonation_id=running.pk)


def impersonated(request: Any, named: str) -> tuple[Tenant, Principal] | None:
    """Whom the caller acts as in the tenant that ``named`` (slug or id) means; None for nobody.

    Either the request names the impersonation (``X-Impersonation``), or the backoffice's browser
    remembers it. Raises ``ImpersonationEnded`` where one that is named is over, so that nobody
    goes on under another name than they believe.
    """
    if id_ := request.headers.get("X-Impersonation", ""):
        return _impersonated_by(request, id_, named)
    return _impersonated_here(request, named) if request.by_cookie else None


def _impersonated_here(request: Any, named: str) -> tuple[Tenant, Principal] | None:
    kept = request.session.get(ACTING_AS)
    if not kept or named not in (kept["tenant_id"], kept["slug"]):
        return None
    running = running_impersonation(request)
    if running is None:
        raise ImpersonationEnded
    return _impersonated(request.user, running)


def _impersonated_by(request: Any, id_: str, named: str) -> tuple[Tenant, Principal]:
    """Asked on each request: who may not enter any more, or has not lately signed in, acts as nobody.

    One that is over, another's, or of another tenant is refused alike.
    """
    user: User = request.person
    tenant = Tenant.objects.filter(
        Q(pk=named) if ObjectId.is_valid(named) else Q(slug=named)
    ).first()
    if tenant is None or not _is_let_in(user, tenant) or not ObjectId.is_valid(id_):
        raise ImpersonationEnded
    with tenant_scope(tenant):
        running = Impersonation.objects.filter(pk=id_, user_id=user.pk).first()
    if running is None or not running.is_running:
        raise ImpersonationEnded
    _demand_proof(request, user)
    return _impersonated(user, running)


def _impersonated(user: User, running: Impersonation) -> tuple[Tenant, Principal]:
    """What the member may do now, without what nobody does for another.

    A suspended tenant is closed as to its members, an ended membership to whoever acts as it.
    What a tenant asks of those who come in (networks, domains) it asks of its own people: staff
    come in by a grant.
    """
    tenant = Tenant.objects.get(pk=running.tenant_id)
    if tenant.status == Tenant.SUSPENDED:
        raise TenantSuspended
    with tenant_scope(tenant):
        active = Membership.objects.filter(pk=running.member_id, status=Membership.ACTIVE)
        member = active.first()
        if member is None:
            raise ImpersonationEnded
        principal = principal_of_member(member)
    return tenant, replace(principal, user_id=user.pk, staff_id=user.pk, on_behalf_of=member.pk,
                           permissions=principal.permissions - WITHHELD)  # fmt: skip


def slug_begins(term: str) -> Q:
    """As a range, which the index serves and which has no pattern in it."""
    low = term.lower()
    return Q(slug__gte=low, slug__lt=low + "\uffff")
