"""What watches the installation asks: does it live, is it ready, how late is its work."""

from collections.abc import Callable
from pathlib import Path

import pymongo
import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from kernel.work.bell import bell_client
from kernel.work.sweep import canary_ages

log = structlog.get_logger(agentName="kernel")
PING_S = 1.0
CANARY_LATE_S = 45.0
SPOOL_FULL_BYTES = 100_000_000


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers. Nothing else is asked, so that a database's trouble restarts nobody."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Whether requests should come here: 200 or 503, with a boolean for each dependency."""
    checks = {name: _holds(name, check) for name, check in _CHECKS.items()}
    ok = all(checks.values())
    body = {"status": "ok" if ok else "unavailable", "checks": checks}
    return JsonResponse(body, status=200 if ok else 503)


@require_safe
def canaries(request: HttpRequest) -> JsonResponse:
    """``{"queues": {name: seconds}}`` since each queue last carried its canary."""
    return JsonResponse({"queues": {name: round(s, 1) for name, s in canary_ages().items()}})


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
    """Queues that carried a canary once carry them still; one that never did says nothing."""
    with pymongo.timeout(PING_S):
        return all(age <= CANARY_LATE_S for age in canary_ages().values())


def _spool() -> bool:
    """What the edge could not store in the database is not piling up."""
    folder = Path(settings.SPOOL)
    if not folder.is_dir():
        return True
    return (
        sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < SPOOL_FULL_BYTES
    )


_CHECKS = {"database": _database, "redis": _redis, "queues": _queues, "spool": _spool}
