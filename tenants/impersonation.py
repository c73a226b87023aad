"""Acting as a member for a while: which impersonation a request means, and what it may do then."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.db.models import Q

from accounts.models import User
from kernel.scoping import tenant_scope
from tenants.access import Principal
from tenants.errors import ImpersonationEnded, TenantSuspended
from tenants.models import Impersonation, Membership, Tenant
from tenants.permissions import Permission as P
from tenants.principals import is_id, principal_of_member
from tenants.services.support import begin_impersonation, end_impersonation
from tenants.staff import (
    acting_in,
    demand_proof,
    is_let_in,
    may_enter,
    staff_principal,
    tell_refused,
)

# The session's key of the running impersonation: ``{"id", "tenant_id", "slug"}``.
ACTING_AS = "backoffice_acting_as"
WITHHELD = frozenset({
    P.TENANT_MANAGE, P.TENANT_ERASE, P.SETTINGS_MANAGE, P.EXPORTS_CREATE, P.MEMBERS_INVITE,
    P.MEMBERS_MANAGE, P.ROLES_MANAGE, P.API_KEYS_MANAGE, P.CHANNELS_MANAGE, P.CHANNELS_CREDENTIALS,
    P.CONTACTS_EXPORT, P.CONTACTS_ERASE, P.WEBHOOKS_MANAGE,
})  # fmt: skip
"""What nobody does under another's name: credentials, who is in, what the tenant chose, copies, erasure.

A member's own sign-in (password, second factor, sessions) is out of reach anyway: the
browser's session stays that of the member of staff.
"""


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
    with acting_in(tenant, request, principal):
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
    with acting_in(tenant, request, principal):
        yield principal


def running_impersonation(request: Any) -> Impersonation | None:
    """The impersonation of this browser's session, as long as it runs and its tenant may be entered."""
    if not hasattr(request, "running_impersonation"):
        request.running_impersonation = _running(request)
    found: Impersonation | None = request.running_impersonation
    return found


def _running(request: Any) -> Impersonation | None:
    # A cookie beside a token means nothing.
    kept = request.session.get(ACTING_AS) if getattr(request, "by_cookie", True) else None
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
    tenant = Tenant.objects.filter(Q(pk=named) if is_id(named) else Q(slug=named)).first()
    running = None
    if tenant is not None and is_id(id_) and is_let_in(user, tenant):
        with tenant_scope(tenant):
            running = Impersonation.objects.filter(pk=id_, user_id=user.pk).first()
    if running is None or not running.is_running:
        tell_refused(request, user, named)
        raise ImpersonationEnded
    demand_proof(request, user)
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
