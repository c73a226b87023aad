"""What watches the installation asks: does it live, is it ready, how late is its work."""

import ipaddress
import time
from collections.abc import Callable
from functools import wraps
from hmac import compare_digest
from pathlib import Path

import pymongo
import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from config.api.errors import not_found, refused
from config.api.limits import demand_address
from kernel import vault
from kernel.errors import RateLimited
from kernel.tasks import QUEUES
from kernel.work.alive import silent
from kernel.work.bell import bell_client
from kernel.work.sweep import canary_ages

log = structlog.get_logger(agentName="kernel")
PING_S = 1.0
CANARY_LATE_S, STARTING_S = 45.0, 90.0
_STARTED = time.monotonic()
View = Callable[[HttpRequest], HttpResponse]
SPOOL_FULL_BYTES = 100_000_000


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers. Nothing else is asked, so that a database's trouble restarts nobody."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Whether requests should come here: 200 or 503, with a boolean for each dependency.

    Anybody may ask, so it says no more than that: no addresses, no versions, no errors; and an
    address may ask only so often, because each question is one to five dependencies.
    """
    try:
        demand_address(getattr(request, "client_ip", ""))
    except RateLimited as refusal:
        return refused(request, refusal)
    checks = {name: _holds(name, check) for name, check in _CHECKS.items()}
    ok = all(checks.values())
    body = {"status": "ok" if ok else "unavailable", "checks": checks}
    return JsonResponse(body, status=200 if ok else 503)


def inside(view: View) -> View:
    """Answer whoever knows ``METRICS_TOKEN``; without one, callers of a private network that no proxy reports.

    To others there is no such page. Figures tell how much a company writes, and when.
    """

    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        return view(request) if _may_watch(request) else not_found(request)

    return answer


def _may_watch(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        return compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
    if "X-Forwarded-For" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_private
    except ValueError:
        return False


@inside
@require_safe
def canaries(request: HttpRequest) -> JsonResponse:
    """``{"queues": {name: seconds}}`` since each queue last carried its canary."""
    return JsonResponse({"queues": {name: round(s, 1) for name, s in canary_ages().items()}})


@inside
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text form."""
    from config.metrics import CONTENT_TYPE, exposition

    return HttpResponse(exposition(), content_type=CONTENT_TYPE)


def _holds(name: str, check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (PyMongoError, DatabaseError, RedisError, OSError) as error:
        log.warning("dependency.away", dependency=name, error=type(error).__name__)
        return False


def _database() -> bool:
    connection.ensure_connection()
    with pymongo.timeout(PING_S):
        return bool(connection.connection.admin.command("ping")["ok"])


def _redis() -> bool:
    return bool(bell_client().ping())


def _queues() -> bool:
    """Each queue has a living worker and carries its canaries, unless the workers may be starting as this process is."""
    with pymongo.timeout(PING_S):
        ages = canary_ages()
    is_starting = time.monotonic() - _STARTED < STARTING_S
    unseen_s = 0.0 if is_starting else float("inf")
    is_served = all(ages.get(queue, unseen_s) <= CANARY_LATE_S for queue in QUEUES)
    return is_served and (is_starting or not _silent())


def _silent() -> set[str]:
    """Queues without a worker. While Redis is away nobody can say that it lives, and that is told by itself."""
    try:
        return silent(bell_client(), QUEUES)
    except RedisError:
        return set()


def _vault() -> bool:
    """The key ring opens what it sealed: a wrong one must not seal anything beside it."""
    with pymongo.timeout(PING_S):
        return vault.is_ring_right()


def _spool() -> bool:
    """What the edge could not store in the database is not piling up."""
    folder = Path(settings.SPOOL)
    return not folder.is_dir() or sum(map(_size, folder.rglob("*"))) < SPOOL_FULL_BYTES


def _size(file: Path) -> int:
    try:
        return file.stat().st_size if file.is_file() else 0
    except FileNotFoundError:  # drained meanwhile
        return 0


_CHECKS = {"database": _database, "redis": _redis, "queues": _queues, "spool": _spool,
           "vault": _vault}  # fmt: skip
