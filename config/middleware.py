"""What every request has before anything else: an id, the client's address, a log context."""

import re
import secrets
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandlerMixin
from django.http import HttpRequest, HttpResponse
from django.http.response import Http404

from config.api.errors import database_away
from config.arriving import Arriving
from config.breaker import Breaker
from kernel.mongo.deadline import database_deadline
from kernel.mongo.doors import answers

log = structlog.get_logger(agentName="auth")
DATABASE_S, PING_S = 5.0, 0.5
LONGEST_PART = 40
NEEDS_DATABASE = ("/api/", "/_allauth/", "/admin")
_database = Breaker()
REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")


class RequestContext:
    """Binds ``request_id`` and ``client_ip`` and logs the request once it is answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request.request_id = given if REQUEST_ID.match(given) else secrets.token_hex(8)
        request.client_ip = client_ip(request)
        request.afterwards = []
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.request_id)
        started = time.perf_counter()
        response = self._answer(request)
        response["X-Request-Id"] = request.request_id
        # Once the answer has left: what these cost must not show in its time.
        response._resource_closers.extend(request.afterwards)
        if request.path.startswith(("/api/", "/_allauth/")):
            response.setdefault("Cache-Control", "no-store")
        if response.status_code >= 500 or settings.ENVIRONMENT == "production":
            log.info("request.answered", method=request.method, path=_shown(request.path),
                     status=response.status_code,
                     ms=round((time.perf_counter() - started) * 1000, 1))  # fmt: skip
        return response

    def _answer(self, request: Any) -> HttpResponse:
        """A frozen database would keep the thread for the socket's 20 s, and all threads are soon taken.

        What counts is the work on it: a body may take longer to arrive.
        """
        if not request.path.startswith(NEEDS_DATABASE):
            return self.get_response(request)
        if not _database.admits():
            return database_away(request)
        request._stream = Arriving(request._stream, request._stream.limit)
        with database_deadline(DATABASE_S) as deadline:
            response = self.get_response(request)
            timed_out = deadline.elapsed_s >= DATABASE_S * 0.9
        _database.note(away=response.status_code == 503 and timed_out and not answers(PING_S))
        return response


def _shown(path: str) -> str:
    """A path for the log: what is longer than an id may be a link that opens something."""
    return "/".join(part if len(part) <= LONGEST_PART else "…" for part in path.split("/"))


def client_ip(request: HttpRequest) -> str:
    """The address that asks, for limits, the audit and the networks of API keys."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return peer_or_reported(request.META.get("REMOTE_ADDR", ""), forwarded)


def peer_or_reported(peer: str, forwarded: str) -> str:
    """The peer; behind ``SWITCHBOARD_PROXIES`` trusted proxies the address that the outermost reports.

    Anything further left in the header was written by the client itself.
    """
    hops = [part.strip() for part in forwarded.split(",") if part.strip()]
    trusted = settings.TRUSTED_PROXIES
    return hops[-trusted] if trusted and len(hops) >= trusted else peer


class StaticFiles(StaticFilesHandlerMixin):
    """Serves ``/static/`` from the apps themselves, so that no collecting step is needed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.next, self.base_url = get_response, self.get_base_url_parts()

    def get_base_url_parts(self) -> Any:
        from urllib.parse import urlparse

        return urlparse(self.get_base_url())

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not self._should_handle(request.path):
            return self.next(request)
        try:
            response: HttpResponse = self.serve(request)
        except Http404:
            return HttpResponse(status=404)
        response["Cache-Control"] = "public, max-age=3600"
        return response
