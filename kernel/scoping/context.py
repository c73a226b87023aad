"""One context variable with three states: no tenant, a tenant's id, or unscoped."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from kernel.scoping.reasons import Reason


class NoActiveTenant(RuntimeError):
    """Tenant data was touched while no tenant was active."""


class TenantMismatch(RuntimeError):
    """Tenant data was touched while another tenant was active."""


@dataclass(frozen=True)
class Unscoped:
    """Across all tenants, for the reason that it states."""

    reason: Reason


_active: ContextVar[str | Unscoped | None] = ContextVar("active_tenant", default=None)


def current_scope() -> str | Unscoped | None:
    """The raw state, for the guard and the wire check."""
    return _active.get()


def active_tenant_id() -> str:
    """The active tenant's 24-hex id; raises ``NoActiveTenant`` when none is active or unscoped."""
    scope = _active.get()
    if not isinstance(scope, str):
        raise NoActiveTenant("no tenant is active here")
    return scope


def is_unscoped() -> bool:
    """Whether the code runs under ``unscoped(reason)``."""
    return isinstance(_active.get(), Unscoped)


@contextmanager
def tenant_scope(tenant: Any) -> Iterator[str]:
    """Enter a tenant (a ``Tenant`` or its id). Entering another tenant than the active one raises."""
    tenant_id = str(getattr(tenant, "pk", tenant))
    current = _active.get()
    if isinstance(current, str) and current != tenant_id:
        raise TenantMismatch(f"tenant {current} is active, {tenant_id} cannot be entered")
    token = _active.set(tenant_id)
    try:
        yield tenant_id
    finally:
        _active.reset(token)


@contextmanager
def outside_scope() -> Iterator[None]:
    """No tenant and not unscoped either: for messages that must not carry the sender's tenant."""
    token = _active.set(None)
    try:
        yield
    finally:
        _active.reset(token)


@contextmanager
def unscoped(reason: Reason) -> Iterator[None]:
    """Leave the tenant's scope for one of the reasons of ``Reason``; the call sites are a baseline."""
    token = _active.set(Unscoped(Reason(reason)))
    try:
        yield
    finally:
        _active.reset(token)
