"""How often one may ask: a bucket for the tenant, one for the key or person, one for an address nobody vouches for."""

import math
import os
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.errors import RateLimited
from kernel.ratelimit import Bucket, Decision, Limiter, connect
from kernel.scoping.keys import escape, tenant_key

BURST_S = 10
_limiters: dict[int, Limiter] = {}


def limiter() -> Limiter:
    """One limiter for each process; without Redis each gives out its part."""
    pid = os.getpid()
    if pid not in _limiters:
        _limiters[pid] = Limiter(connect(settings.REDIS_URL), processes=settings.WEB_PROCESSES)
    return _limiters[pid]


def check_rate(request: Request) -> None:
    """Take from the buckets of whoever asks; raises ``RateLimited`` with ``retry_after_s``."""
    decisions = limiter().take_all(_buckets(request._request))
    tightest = min(decisions, key=lambda decision: decision.remaining)
    request._request.rate = tightest  # type: ignore[attr-defined]
    waits = [decision.retry_after_s for decision in decisions if not decision.allowed]
    if waits:
        raise RateLimited(retry_after_s=round(max(waits), 3))


def tell_rate(request: Any, response: Response) -> None:
    """The tightest bucket's figures, as headers."""
    decision: Decision | None = getattr(request, "rate", None)
    if decision is not None:
        response["RateLimit-Limit"] = str(decision.limit)
        response["RateLimit-Remaining"] = str(max(decision.remaining, 0))
        response["RateLimit-Reset"] = str(math.ceil(decision.reset_after_s))


def _buckets(request: Any) -> list[tuple[str, Bucket]]:
    principal, person = getattr(request, "principal", None), getattr(request, "person", None)
    if principal is not None:
        return [
            (tenant_key("rate", "api"), _bucket(settings.RATE_TENANT)),
            (tenant_key("rate", principal.kind, principal.id), _bucket(settings.RATE_PRINCIPAL)),
        ]
    if person is not None:
        return [(f"rate:person:{person.pk}", _bucket(settings.RATE_PRINCIPAL))]
    return [(f"rate:address:{escape(request.client_ip)}", _bucket(settings.RATE_ADDRESS))]


def _bucket(per_second: int) -> Bucket:
    return Bucket(capacity=per_second * BURST_S, per_second=per_second)
