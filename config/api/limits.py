"""How often one may ask: buckets for the tenant, the key or person in it, what they do, and the address."""

import math
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpResponseBase
from rest_framework.request import Request

from kernel.errors import RateLimited
from kernel.ratelimit import Bucket, Decision, Limiter, shared
from kernel.scoping.keys import escape, tenant_key
from tenants.limits import API_RATE, most_of

BURST_S = 10
READS, CHANGES, COSTLY = "reads", "changes", "costly"
Buckets = Iterator[tuple[str, Bucket]]


def limiter() -> Limiter:
    """One limiter for each process; without Redis each gives out its part."""
    return shared(settings.REDIS_URL, processes=settings.WEB_PROCESSES)


def check_rate(request: Request, route_class: str = READS) -> None:
    """Take from every bucket of whoever asks, or from none; raises ``RateLimited`` with ``retry_after_s``.

    ``route_class`` is what the operation does: ``reads``, ``changes`` or ``costly``.
    """
    decisions = limiter().take_all(list(_buckets(request._request, route_class)))
    tightest = min(decisions, key=lambda decision: (decision.allowed, decision.remaining))
    request._request.rate = tightest  # type: ignore[attr-defined]
    _demand(decisions)


def take_address(ip: str, cost: float = 1) -> Decision:
    """Take from the bucket of an address alone, where nobody knows yet who asks.

    For what stands before or beside the API: signing in, the stream's admission, readiness.
    """
    bucket = _bucket(settings.RATE_ADDRESS)
    taken = Bucket(bucket.capacity, bucket.per_second, min(cost, bucket.capacity))
    return limiter().take_all([(f"rate:address:{escape(ip)}", taken)])[0]


def demand_address(ip: str) -> None:
    """``take_address``, or raise ``RateLimited``."""
    _demand([take_address(ip)])


def _demand(decisions: list[Decision]) -> None:
    waits = [decision.retry_after_s for decision in decisions if not decision.allowed]
    if waits:
        raise RateLimited(retry_after_s=round(max(waits), 3))


def tell_rate(request: Any, response: HttpResponseBase) -> None:
    """The tightest bucket's figures, as headers."""
    decision: Decision | None = getattr(request, "rate", None)
    if decision is not None:
        response["RateLimit-Limit"] = str(decision.limit)
        response["RateLimit-Remaining"] = str(max(decision.remaining, 0))
        response["RateLimit-Reset"] = str(math.ceil(decision.reset_after_s))


def _buckets(request: Any, route_class: str) -> Buckets:
    principal, person = getattr(request, "principal", None), getattr(request, "person", None)
    address = escape(request.client_ip)
    if principal is None and person is None:
        yield f"rate:address:{address}", _bucket(settings.RATE_ADDRESS)
        return
    yield f"rate:known:{address}", _bucket(settings.RATE_KNOWN_ADDRESS)
    if principal is not None:
        yield from _of_principal(request.tenant, principal, route_class)
    if person is not None:
        yield f"rate:person:{person.pk}", _bucket(settings.RATE_USER)
        if principal is None and route_class != READS:
            yield f"rate:person:{person.pk}:{route_class}", _bucket(_class_rate(route_class))


def _of_principal(tenant: Any, principal: Any, route_class: str) -> Buckets:
    most = most_of(tenant, API_RATE) if API_RATE in (tenant.limits or {}) else settings.RATE_TENANT
    if most is not None:
        yield tenant_key("rate", "api"), _bucket(max(most, 1))
    who = (principal.kind, principal.asker)
    yield tenant_key("rate", *who), _bucket(settings.RATE_PRINCIPAL)
    if route_class != READS:
        yield tenant_key("rate", *who, route_class), _bucket(_class_rate(route_class))


def _class_rate(route_class: str) -> float:
    return float(settings.RATE_COSTLY if route_class == COSTLY else settings.RATE_CHANGES)


def _bucket(per_second: float) -> Bucket:
    return Bucket(capacity=per_second * BURST_S, per_second=per_second)
