"""One decorator declares an operation: what is enforced and what the schema says are the same lines."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.described import (
    PAGING,
    alternatives,
    describe,
    headers_of,
    paging_problems,
    responses_of,
)
from config.api.fresh import ABOUT, PROOF, demand_fresh
from config.api.limits import CHANGES, COSTLY, READS
from config.api.once import once
from config.api.paging import check_parameters
from config.api.parsers import require_length
from config.api.preconditions import etag
from config.api.serializers import Body, Nothing, Shown
from kernel.errors import DomainError
from tenants.access import require
from tenants.needs import Need

View = Callable[..., Response]


def operation(
    id: str,
    summary: str,
    *,
    needs: Sequence[Need] = (),
    who: str = "",
    takes: type[Body] | None = None,
    upload: type[Body] | None = None,
    gives: type[Shown] | None = None,
    status: int = 200,
    parameters: Sequence[OpenApiParameter] = (),
    paged: bool = False,
    problems: Sequence[type[DomainError]] = (),
    example: Any = None,
    asks: Any = None,
    about: str = "",
    versioned: bool = False,
    in_tenant: bool = True,
    public: bool = False,
    secret: Sequence[str] = (),
    costly: bool = False,
    fresh: bool = False,
) -> Callable[[View], View]:
    """Make a view's method an operation of the API.

    Before the method runs: unknown query parameters and fields are refused by name, ``needs``
    is required of the caller, the body is read by ``takes`` and passed as ``body``, and an
    unsafe operation honours ``Idempotency-Key``. ``example`` is an answer and ``asks`` a
    request, or several by name; ``who`` says in words who may call it where ``needs`` cannot;
    ``versioned`` answers carry an ``ETag``. ``upload`` is a form with a file. ``costly``
    operations (a mail, a call to a provider, a long file) may be asked for less often; before
    ``fresh`` ones people prove themselves.
    """
    declared = [*(PAGING if paged else ()), *parameters]
    names = [p.name for p in declared if p.location == OpenApiParameter.QUERY]
    refusals = [*problems, *(paging_problems() if paged else ()), *(PROOF if fresh else ())]

    def decorate(method: View) -> View:
        unsafe = method.__name__ != "get"
        form, once_only = takes or upload or (Nothing if unsafe else None), unsafe and in_tenant
        handle = _handler(
            id, method, form, tuple(needs), names, once_only=once_only,
            gives_body=bool(takes or upload), versioned=versioned, secret=secret, fresh=fresh,
        )  # fmt: skip
        handle.__dict__["rate"] = COSTLY if costly else CHANGES if unsafe else READS
        described = extend_schema(
            operation_id=id,
            summary=summary,
            description=describe(f"{about}\n\n{ABOUT}" if fresh else about, needs, who, public),
            request={"multipart/form-data": upload} if upload else takes,
            parameters=[*declared, *headers_of(once_only, versioned and unsafe, in_tenant, public)],
            responses=responses_of(gives, status, refusals, once=once_only, in_tenant=in_tenant,
                                   public=public, has_body=form is not None),
            examples=[*_answer(example, status), *_requests(asks)],
            auth=[] if public else None,
            extensions={"x-permissions": alternatives(needs)},
        )  # fmt: skip
        return described(handle)  # type: ignore[no-any-return]

    return decorate


def _handler(
    id: str, method: View, form: type[Body] | None, needs: tuple[Need, ...], names: Sequence[str],
    *, once_only: bool, gives_body: bool, versioned: bool, secret: Sequence[str], fresh: bool,
) -> View:  # fmt: skip
    """What runs before and around the method, in the order in which a request is refused."""

    @functools.wraps(method)
    def handle(view: Any, request: Request, **path: Any) -> Response:
        if needs:
            require(*needs)
        if fresh:
            demand_fresh(request)
        check_parameters(request, names)
        read = _read(request, form)
        given = {"body": read} if gives_body else {}
        run = functools.partial(method, view, request, **path, **given)
        response = once(request, run, secret=secret) if once_only else run()
        if versioned and isinstance(response.data, dict):
            response["ETag"] = etag(response.data["version"])
        return response

    return _declared(handle, id, needs)


# What each operation needs, by its id: the tests call every address with more and with less.
NEEDS: dict[str, tuple[Need, ...]] = {}


def _declared(handle: View, id: str, needs: tuple[Need, ...]) -> View:
    NEEDS[id] = needs
    return handle


def _read(request: Request, form: type[Body] | None) -> dict[str, Any]:
    if form is None:
        return {}
    require_length(request.META)
    reader = form(data=request.data)
    reader.is_valid(raise_exception=True)
    read: dict[str, Any] = reader.validated_data
    return read


def _answer(example: Any, status: int) -> list[OpenApiExample]:
    if example is None:
        return []
    named = example if isinstance(example, list) else [("Answer", example)]
    return [OpenApiExample(name, value=value, response_only=True, status_codes=[str(status)])
            for name, value in named]  # fmt: skip


def _requests(asks: Any) -> list[OpenApiExample]:
    if asks is None:
        return []
    named = asks if isinstance(asks, list) else [("Request", asks)]
    return [OpenApiExample(name, value=value, request_only=True) for name, value in named]
