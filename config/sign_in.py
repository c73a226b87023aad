"""What stands before everything that signs people in: one request of a session at a time."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import structlog
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from accounts.counters import in_turn
from accounts.devices import keep_device
from accounts.sessions import SessionStore
from accounts.tokens import session_key_of
from config.api.errors import refused
from config.api.limits import take_address, tell_rate
from config.floor import Floor
from kernel.errors import BadRequest, DomainError, NotFound, RateLimited, TooLarge
from kernel.jsonsafe import TooDeep, storable_json

log = structlog.get_logger(agentName="auth")
GUARDED = ("/_allauth/", "/accounts/", "/admin/login/")
APP = "/_allauth/app/"
# What front-ends ask often, and what changes nothing.
QUIET = ("/auth/session", "/config", "/auth/sessions", "/account/authenticators",
         "/account/providers")  # fmt: skip
# Where a stranger could measure whether an address has an account: not answered before this.
MEASURED = ("/auth/signup", "/auth/code/request", "/auth/password/request")
# What keeps a thread or leaves a row takes more of the bucket of an address than one token.
HEAVY, HEAVY_COST = (
    (*MEASURED, "/auth/webauthn/login", "/login/webauthn/", "/auth/provider/token"),
    10,
)
MOST_BYTES = 64_000
PHONES = "/phone"  # accounts have none here
# A credential is read as it comes, and what it lacks is met where it is needed.
PASSKEYS, UNREADABLE = "/webauthn", (LookupError, TypeError, ValueError, AttributeError)
_floor = Floor()
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class MalformedBody(BadRequest):
    code = "malformed_body"
    title = "The body cannot be read"


class SignInGate:
    """Counts by address, takes the turn of a session, reads bodies with care, keeps devices known.

    Before the session's own middleware: a turn lasts until the session is saved.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        if not request.path.startswith(GUARDED):
            return self.get_response(request)
        request.rate = take_address(request.client_ip, _cost(request.path))
        response = self._answer(request)
        tell_rate(request, response)
        return response

    def _answer(self, request: Any) -> HttpResponse:
        started = time.monotonic()
        try:
            if not request.rate.allowed:
                raise RateLimited(retry_after_s=round(request.rate.retry_after_s, 3))
            _check_body(request)
            with ExitStack() as stack:
                if key := _session_key(request):
                    stack.enter_context(in_turn("session", key))
                response = self.get_response(request)
        except DomainError as refusal:
            return refused(request, refusal)
        keep_device(request, response)
        least_s = settings.SIGN_IN_FLOOR_S
        if least_s and request.method == "POST" and request.path.endswith(MEASURED):
            time.sleep(_floor.left_s(time.monotonic() - started, least_s))
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What allauth's views do not answer themselves: our refusals, others' failures."""
        if isinstance(exception, DomainError) and request.path.startswith(GUARDED):
            return refused(request, exception)
        if isinstance(exception, OAuth2Error):
            log.warning("provider.failed", error=str(exception))
            page = settings.HEADLESS_FRONTEND_URLS["socialaccount_login_error"]
            return HttpResponseRedirect(f"{page}?error=unknown")
        if isinstance(exception, RuntimeError) and PHONES in request.path:
            return refused(request, NotFound())
        if isinstance(exception, UNREADABLE) and PASSKEYS in request.path:
            log.info("passkey.unreadable", error=type(exception).__name__)
            return refused(request, MalformedBody("the credential cannot be read"))
        return None


def _cost(path: str) -> float:
    return HEAVY_COST if path.endswith(HEAVY) else 1


def _session_key(request: Any) -> str:
    """The session whose turn is taken; empty for one that is not there, which nobody waits for."""
    if request.method == "GET" and request.path.endswith(QUIET):
        return ""
    if request.path.startswith(APP):
        key = session_key_of(request)
    else:
        key = str(request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""))
    return key if key and SessionStore().exists(key) else ""


def _check_body(request: Any) -> None:
    """Put what allauth's parser would fail at into a form that it, BSON and hashes can take."""
    if not request.path.startswith("/_allauth/") or request.content_type in FORMS:
        return
    length = request.headers.get("Content-Length") or "0"
    if not length.isdecimal() or int(length) > MOST_BYTES:
        raise TooLarge(limit=MOST_BYTES)
    if not request.body:
        return
    try:
        request._body = json.dumps(storable_json(json.loads(request.body))).encode()
    except (ValueError, RecursionError, TooDeep) as error:
        raise MalformedBody("the body is not acceptable JSON") from error
