"""Pages by cursor: no totals, no offsets; a page costs the same at row 50 and at row 5,000,000."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from django.conf import settings
from django.db.models import Q, QuerySet
from rest_framework.request import Request

from kernel.cursor import decode, encode
from kernel.errors import BadRequest
from kernel.mongo.merged import Merged
from kernel.scoping import active_tenant_id

DEFAULT, MOST = 50, 200
PAGING = ("cursor", "limit")


class UnknownParameter(BadRequest):
    code = "unknown_parameter"
    title = "This list has no such parameter"


class BadParameter(BadRequest):
    code = "invalid_parameter"
    title = "A parameter has a value that this list cannot use"


def check_parameters(request: Request, allowed: Sequence[str]) -> None:
    """Refuse query parameters that the operation does not have, by name."""
    unknown = sorted(set(request.query_params) - set(allowed))
    if unknown:
        raise UnknownParameter(
            f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(allowed))}",
            errors=[{"field": name, "code": "unknown"} for name in unknown],
        )


def words(request: Request, name: str, known: Sequence[str]) -> list[str] | None:
    """The words of a comma-separated parameter, each one of ``known``; None without it."""
    text = request.query_params.get(name)
    if text is None:
        return None
    given = list(dict.fromkeys(text.split(",")))
    if not set(given) <= set(known):
        refuse_parameter(name, f"of {', '.join(known)}")
    return given


def refuse_parameter(name: str, wanted: str) -> NoReturn:
    """Refuse a parameter's value, saying what it should be."""
    raise BadParameter(
        f"{name}: {wanted}", errors=[{"field": name, "code": "invalid", "detail": wanted}]
    )


def whole(request: Request, name: str, *, least: int, most: int, default: int) -> int:
    """A whole number of a parameter within bounds."""
    text = request.query_params.get(name, str(default))
    if not (text.isdecimal() and text.isascii()) or not least <= int(text[:18]) <= most:
        refuse_parameter(name, f"a whole number from {least} to {most}")
    return int(text)


def page(
    request: Request,
    rows: QuerySet[Any] | Merged[Any],
    *,
    keys: Sequence[str],
    render: Callable[[list[Any]], list[dict[str, Any]]],
    scope: str,
    of: str = "",
) -> dict[str, Any]:
    """One page of ``rows`` as ``{"results", "next"}``.

    ``keys`` are the order's columns, all descending (``-``) or all ascending,
    the last one unique. The filters are part of the cursor's scope, so a cursor
    of one list does not open another. ``of`` names whose list it is where that is no tenant.
    """
    of = of or active_tenant_id()
    limit = whole(request, "limit", least=1, most=MOST, default=DEFAULT)
    filters = sorted((k, v) for k, v in request.query_params.items() if k not in PAGING)
    scope = f"{scope}:{hashlib.sha256(repr(filters).encode()).hexdigest()[:16]}"
    token = request.query_params.get("cursor", "")
    if token:
        position = decode(token, tenant=of, scope=scope, key=_key(), length=len(keys))
        rows = rows.filter(_after(keys, position))
    found = list(rows.order_by(*keys)[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    following = None
    if more:
        last = [getattr(found[-1], key.lstrip("-")) for key in keys]
        following = encode(last, tenant=of, scope=scope, key=_key())
    return {"results": render(found), "next": following}


def _after(keys: Sequence[str], position: Sequence[Any]) -> Q:
    """Rows behind ``position``. The bound on the first key alone is what the index serves; the rest are ties."""
    compare = "lt" if keys[0].startswith("-") else "gt"
    names = [key.lstrip("-") for key in keys]
    if len(names) == 1:
        return Q(**{f"{names[0]}__{compare}": position[0]})
    (first, last), (at, row) = names, position
    opposite = "gte" if compare == "lt" else "lte"
    ties = Q(**{first: at, f"{last}__{opposite}": row})
    return Q(**{f"{first}__{compare}e": at}) & ~ties


def _key() -> bytes:
    return hashlib.sha256(b"cursor|" + settings.SECRET_KEY.encode()).digest()
