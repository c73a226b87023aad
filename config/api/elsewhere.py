"""What the schema of the API tells of addresses that its views do not answer: the stream, and signing in."""

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect, JsonResponse

from config.api.described import PROBLEM_REFERENCE, PROBLEM_TYPE
from config.errors import TooManyStreams
from kernel.errors import DomainError
from kernel.mongo.transactions import DatabaseAway
from tenants import errors

STREAM = "/api/v1/stream"
PROBLEMS: tuple[type[DomainError], ...] = (
    errors.TenantRequired, errors.NotSignedIn, errors.BadApiKey, errors.PermissionDenied,
    errors.TenantSuspended, errors.AddressNotAllowed, errors.EmailDomainNotAllowed,
    errors.SecondFactorRequired, errors.TenantNotFound, TooManyStreams, DatabaseAway,
)  # fmt: skip
ABOUT = (
    "The feed as server-sent events, from the process of the stream: each has the event's number as "
    "`id`, its type as `event`, and as `data` what the feed shows of it. It begins with what "
    "follows `Last-Event-ID` or `after`, without either with what comes from now on, so a reader that "
    "was cut off goes on where it stopped. Events of conversations that the listener does not see are "
    "left out; an `id` alone says how far they were read. `resync` (`data.last`) says that the feed "
    "is shorter than the reader thinks, as after a restored backup; `closed` (`data.code`) that the "
    "listener may listen no longer. A comment comes every 10 seconds. At most 5 streams each and "
    "200 a tenant are open at once.\n\nPermission: `events:read`."
)
SHOWN = (
    "retry: 2000\n\n"
    'id: 118\nevent: message.received\ndata: {"number": 118, "type": "message.received", …}\n\n'
    ": still here\n\n"
)


def describe_stream(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of the schema: adds the stream's address, which another process answers."""
    result["paths"][STREAM] = {
        "get": {
            "servers": [{"url": settings.STREAM_URL}],
            "operationId": "stream", "summary": "Listen to the event feed", "description": ABOUT,
            "tags": ["events"], "security": [{"apiKey": []}, {"session": []}],
            "x-permissions": [["events:read"]],
            "parameters": [
                _parameter("X-Tenant", "header", "As for the API; a key belongs to one."),
                _parameter("tenant", "query", "The same, for a browser's `EventSource`, which "
                           "sends its cookie and no header."),
                _parameter("X-Impersonation", "header", "Staff who act as a member name their impersonation."),
                _parameter("Last-Event-ID", "header", "The number of the last event that was read.",
                           kind="integer"),
                _parameter("after", "query", "The same, for a first connection.", kind="integer"),
            ],
            "responses": {"200": {
                "description": "Events, until one side closes.",
                "content": {"text/event-stream": {"schema": {"type": "string"}, "example": SHOWN}},
            }} | _problems(),
        },
    }  # fmt: skip
    return result


def _parameter(name: str, where: str, about: str, kind: str = "string") -> dict[str, Any]:
    return {"name": name, "in": where, "description": about, "schema": {"type": kind}}


def _problems() -> dict[str, Any]:
    content = {PROBLEM_TYPE: {"schema": PROBLEM_REFERENCE}}
    found: dict[str, list[str]] = {}
    for kind in PROBLEMS:
        found.setdefault(str(kind.status), []).append(f"- `{kind.code}`: {kind.title}")
    return {
        status: {"description": "\n".join(lines), "content": content}
        for status, lines in sorted(found.items())
    }


@cache
def _sign_in_schema() -> dict[str, Any]:
    """allauth's own document of what is switched on here; reading it takes a second, so once."""
    from allauth.headless.spec.internal.schema import get_schema

    found: dict[str, Any] = get_schema()
    return found


def sign_in_schema(request: HttpRequest) -> JsonResponse:
    """The OpenAPI document of ``/_allauth/``."""
    return JsonResponse(_sign_in_schema(), content_type="application/vnd.oai.openapi+json")


def sign_in_schema_yaml(request: HttpRequest) -> HttpResponseRedirect:
    """JSON is YAML: one document is enough."""
    return HttpResponseRedirect("/_allauth/openapi.json")
