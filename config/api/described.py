"""The words of the schema: headers, permissions and refusals of an operation."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from config.api.errors import BadFields, BodyEnded, MalformedBody, UnsupportedMedia
from config.api.once import HEADER, BadIdempotencyKey
from config.api.paging import DEFAULT, MOST, BadParameter, UnknownParameter
from config.api.parsers import LengthRequired
from config.api.serializers import Shown
from kernel.cursor import InvalidCursor
from kernel.errors import DomainError, RateLimited, TooLarge
from kernel.idempotency import KeyReused, OutcomeLost, StillRunning
from tenants.errors import (
    AddressNotAllowed,
    BadApiKey,
    EmailDomainNotAllowed,
    ImpersonationEnded,
    NotSignedIn,
    PermissionDenied,
    SecondFactorRequired,
    TenantNotFound,
    TenantRequired,
    TenantSuspended,
)
from tenants.needs import AnyOf, Need

PROBLEM_REFERENCE = {"$ref": "#/components/schemas/Problem"}
PROBLEM_TYPE = "application/problem+json"

PAGING = (
    OpenApiParameter("cursor", str, description="`next` of the page before."),
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT},
        description="How many at most.",
    ),
)

IDEMPOTENCY = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="A name for this request, kept for 24 hours: sent again, it gets the same answer "
    "(with `Idempotency-Replayed: true`) and has no second effect.",
)
_IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `ETag` that was read; the change is refused if it is no longer current.",
)
_TENANT = OpenApiParameter(
    "X-Tenant",
    str,
    OpenApiParameter.HEADER,
    description="The tenant's slug or id. People name it on each request; a key belongs to one.",
)


def describe(about: str, needs: Sequence[Need], who: str, public: bool) -> str:
    """What it does and who may call it."""
    plain_first = sorted(needs, key=lambda need: isinstance(need, AnyOf))
    names = " and ".join(map(_named, plain_first))
    allowed = who or (f"Permission: {names}." if names else "Any member or key of the tenant.")
    return f"{about}\n\n{'No credential.' if public else allowed}".strip()


def alternatives(needs: Sequence[Need]) -> list[list[str]]:
    """``x-permissions``: of each list, the caller holds one."""
    return [
        [str(p) for p in (need.permissions if isinstance(need, AnyOf) else (need,))]
        for need in needs
    ]


def _named(need: Need) -> str:
    if isinstance(need, AnyOf):
        return f"one of {', '.join(f'`{permission}`' for permission in need.permissions)}"
    return f"`{need}`"


def headers_of(
    once: bool, versioned: bool, in_tenant: bool, public: bool
) -> list[OpenApiParameter]:
    """The request headers that the operation reads."""
    wanted = [
        (_TENANT, in_tenant and not public),
        (IDEMPOTENCY, once),
        (_IF_MATCH, versioned),
    ]
    return [parameter for parameter, is_read in wanted if is_read]


def responses_of(
    gives: type[Shown] | None,
    status: int,
    problems: Sequence[type[DomainError]],
    *,
    once: bool,
    in_tenant: bool,
    public: bool,
    has_body: bool,
) -> dict[Any, Any]:
    """The answer and every refusal, grouped by status, each named by its code."""
    kinds = [*_common(in_tenant, public), *problems]
    kinds += _BODY if has_body else []
    kinds += [BadIdempotencyKey, KeyReused, StillRunning, OutcomeLost] if once else []
    grouped: dict[int, list[type[DomainError]]] = defaultdict(list)
    for kind in dict.fromkeys(kinds):
        grouped[kind.status].append(kind)
    return {status: gives} | {
        (code, PROBLEM_TYPE): OpenApiResponse(PROBLEM_REFERENCE, _listed(found))
        for code, found in sorted(grouped.items())
    }


_BODY = [BadFields, BodyEnded, MalformedBody, LengthRequired, TooLarge, UnsupportedMedia]


def paging_problems() -> list[type[DomainError]]:
    """What a list may refuse beside the rest."""
    return [InvalidCursor, BadParameter]


def _common(in_tenant: bool, public: bool) -> list[type[DomainError]]:
    if public:
        return [UnknownParameter, RateLimited]
    kinds: list[type[DomainError]] = [UnknownParameter, NotSignedIn, PermissionDenied, RateLimited,
                                      ImpersonationEnded]  # fmt: skip
    if in_tenant:
        kinds += [BadApiKey, TenantRequired, TenantNotFound, TenantSuspended]
        kinds += [
            AddressNotAllowed,
            EmailDomainNotAllowed,
            SecondFactorRequired,
        ]
    return kinds


def _listed(kinds: Sequence[type[DomainError]]) -> str:
    return "\n".join(f"- `{kind.code}`: {kind.title}" for kind in kinds)
