"""Support staff inside a tenant: by a grant, under their own name, or for a while as one of its members."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import structlog
from django.conf import settings
from django.db.models import Q

from accounts.factors import has_second_factor
from accounts.models import User
from accounts.tokens import signed_in_at
from kernel.errors import NotFound
from kernel.scoping import Reason, tenant_scope, unscoped
from tenants.access import Principal, acting
from tenants.errors import (
    NotSignedIn,
    SecondFactorRequired,
    TenantNotFound,
)
from tenants.models import StaffGrant, Tenant
from tenants.permissions import Permission as P

MOST_GRANTS = 1000
log = structlog.get_logger(agentName="auth")


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
    with _entered(request, tenant_id, is_let_in) as tenant:
        yield tenant


@contextmanager
def _entered(
    request: Any, tenant_id: str, is_admitted: Callable[[User, Tenant], bool]
) -> Iterator[Tenant]:
    tenant = Tenant.objects.filter(pk=tenant_id).first()
    if tenant is None or not is_admitted(request.user, tenant):
        tell_refused(request, request.user, tenant_id)
        raise TenantNotFound
    demand_proof(request, request.user)
    # Under their own name, whomever their browser acts as: a member could do none of it.
    with acting_in(tenant, request, staff_principal(request.user)):
        yield tenant


def operator(request: Any) -> User:
    """The superuser who asks about the installation; ``NotFound`` for everybody else."""
    user: User = request.user
    if not _is_operator(user):
        raise NotFound
    demand_proof(request, user)
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


def is_let_in(user: User, tenant: Tenant) -> bool:
    return user.is_active and user.is_staff and may_enter(user, tenant)


def demand_proof(request: Any, user: User) -> None:
    """A second factor and a sign-in of today are asked here as in the backoffice.

    Only how long somebody was away is not, because a request to the API is no visit.
    """
    if not _is_proven(user):
        raise SecondFactorRequired
    if not _is_fresh(request):
        raise NotSignedIn("sign in again: what staff do asks for a sign-in of today")


def tell_refused(request: Any, user: User, named: str) -> None:
    """Of staff who try what they may not enter; they are in no tenant whose own log could tell it."""
    if user.is_staff:
        log.warning("backoffice.refused", security=True, user_id=user.pk, named=named[:64],
                    ip=request.client_ip)  # fmt: skip


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
def acting_in(tenant: Tenant, request: Any, principal: Principal) -> Iterator[None]:
    with ExitStack() as stack:
        stack.enter_context(structlog.contextvars.bound_contextvars(
            tenantId=tenant.pk, user_id=principal.user_id))  # fmt: skip
        stack.enter_context(tenant_scope(tenant))
        stack.enter_context(acting(principal, ip=request.client_ip, request_id=request.request_id))
        yield


def slug_begins(term: str) -> Q:
    """As a range, which the index serves and which has no pattern in it."""
    low = term.lower()
    return Q(slug__gte=low, slug__lt=low + "\uffff")
