"""Support staff inside a tenant: a principal with every permission, under their own name."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import structlog
from django.db.models import Q

from accounts.models import User
from kernel.scoping import tenant_scope
from tenants.access import Principal, acting
from tenants.models import Membership, Tenant
from tenants.permissions import Permission
from tenants.services.tenant import tenants_of


def staff_principal(user: User) -> Principal:
    """What services and the audit log see of a member of staff."""
    return Principal(kind="staff", id=user.pk, member_id="", user_id=user.pk, name=user.get_full_name(),
                     role="owner", permissions=frozenset(Permission))  # fmt: skip


def may_enter(user: User, tenant: Tenant) -> bool:
    """Superusers enter every tenant, other staff those in which they are members."""
    if user.is_superuser:
        return True
    with tenant_scope(tenant):
        return Membership.objects.filter(user_id=user.pk, status=Membership.ACTIVE).exists()


def enterable_ids(user: User) -> list[str] | None:
    """The tenants that a member of staff may enter; None for all."""
    return None if user.is_superuser else [tenant.pk for tenant, _ in tenants_of(user)]


@contextmanager
def staff_in(tenant: Tenant, request: Any) -> Iterator[Principal]:
    """Act in ``tenant`` as the request's member of staff."""
    principal = staff_principal(request.user)
    with ExitStack() as stack:
        stack.enter_context(structlog.contextvars.bound_contextvars(
            tenantId=tenant.pk, user_id=principal.user_id))  # fmt: skip
        stack.enter_context(tenant_scope(tenant))
        stack.enter_context(acting(principal, ip=request.client_ip, request_id=request.request_id))
        yield principal


def slug_begins(term: str) -> Q:
    """As a range, which the index serves and which has no pattern in it."""
    low = term.lower()
    return Q(slug__gte=low, slug__lt=low + "\uffff")
