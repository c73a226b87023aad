"""One translator: every refusal, ours or a library's, becomes ``application/problem+json``."""

import math
import sys
from itertools import islice
from typing import Any

import structlog
from django.core.exceptions import BadRequest as DjangoBadRequest
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError
from django.http import Http404, HttpRequest, JsonResponse
from pymongo.errors import PyMongoError
from rest_framework import exceptions
from rest_framework.response import Response

from config.api.refusals import note
from kernel import errors
from kernel.envelope import EnvelopeError
from kernel.mongo.transactions import DatabaseAway

log = structlog.get_logger(agentName="auth")
CONTENT_TYPE = "application/problem+json"
MOST_ERRORS, LONGEST_NAME = 100, 200  # a refusal is no bigger for a body that is wrong everywhere


class UnexpectedError(errors.DomainError):
    code = "internal_error"
    status = 500
    title = "Something went wrong on our side"


class VaultLocked(errors.Unavailable):
    code = "vault_locked"
    title = "What is needed here is sealed, and this installation's key does not open it"


def problem(error: errors.DomainError, request_id: str) -> dict[str, Any]:
    """``type, title, status, code, detail, errors[], request_id`` and what the error adds."""
    return {
        "type": f"/api/docs/errors#{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "errors": error.errors,
        "request_id": request_id,
        **error.data,
    }


def handle(exc: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler."""
    request_id = getattr(context["request"]._request, "request_id", "")
    error = translate(exc)
    if isinstance(error, UnexpectedError):
        log.error("request.failed", exc_info=exc)
    note(error, context["request"]._request)
    response = Response(problem(error, request_id), status=error.status, content_type=CONTENT_TYPE)
    if error.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if error.status in (429, 503):
        response["Retry-After"] = str(max(1, math.ceil(error.data.get("retry_after_s", 2))))
    return response


def translate(exc: Exception) -> errors.DomainError:
    """The domain error that says the same."""
    if isinstance(exc, errors.DomainError):
        return exc
    if isinstance(exc, exceptions.ValidationError):
        return _invalid(exc)
    if isinstance(exc, Http404 | exceptions.NotFound):
        return errors.NotFound()
    if isinstance(exc, exceptions.APIException):
        return _from_drf(exc)
    if isinstance(exc, DjangoPermissionDenied):
        return errors.Forbidden()
    if isinstance(exc, RequestDataTooBig):
        return errors.TooLarge()
    if isinstance(exc, SuspiciousOperation):  # a form of too many fields or files
        return MalformedBody()
    if isinstance(exc, EnvelopeError):
        log.error("vault.locked", exc_info=exc)
        return VaultLocked()
    if isinstance(exc, DatabaseError | PyMongoError):
        log.error("database.away", exc_info=exc)
        return DatabaseAway()
    return UnexpectedError()


class BadFields(errors.BadRequest):
    code = "invalid_fields"
    title = "Some fields cannot be read"


def _invalid(exc: exceptions.ValidationError) -> errors.DomainError:
    return BadFields(errors=list(islice(_flatten(exc.get_full_details(), ""), MOST_ERRORS)))


def _flatten(detail: Any, path: str) -> Any:
    if isinstance(detail, list):
        for index, item in enumerate(detail):
            nested = isinstance(item, dict) and not _is_one(item)
            yield from _flatten(item, f"{path}.{index}".strip(".") if nested else path)
    elif _is_one(detail):
        yield {
            "field": path[:LONGEST_NAME],
            "code": str(detail["code"]),
            "detail": str(detail["message"]),
        }
    else:
        for name, item in detail.items():
            inner = path if name == "non_field_errors" else f"{path}.{name}".strip(".")
            yield from _flatten(item, inner)


def _is_one(detail: dict[str, Any]) -> bool:
    """Whether this is one error; a body may have a field called ``message``, too."""
    return isinstance(detail.get("message"), str)


class BodyEnded(errors.BadRequest, DjangoBadRequest):
    """Also Django's own, so that a page of its answers 400 too; nobody is left to read it."""

    code = "body_incomplete"
    title = "The body ended before the length that was announced"


class MalformedBody(errors.BadRequest):
    code = "malformed_body"
    title = "The body cannot be read"


class MethodNotAllowed(errors.BadRequest):
    code = "method_not_allowed"
    status = 405
    title = "This address has no such method"


class NotAcceptable(errors.BadRequest):
    code = "not_acceptable"
    status = 406
    title = "The answer has no such form"


class UnsupportedMedia(errors.BadRequest):
    code = "unsupported_media_type"
    status = 415
    title = "A body of this type is not read here"


_DRF: dict[type[exceptions.APIException], type[errors.DomainError]] = {
    exceptions.ParseError: MalformedBody,
    exceptions.NotAuthenticated: errors.Unauthenticated,
    exceptions.AuthenticationFailed: errors.Unauthenticated,
    exceptions.PermissionDenied: errors.Forbidden,
    exceptions.MethodNotAllowed: MethodNotAllowed,
    exceptions.NotAcceptable: NotAcceptable,
    exceptions.UnsupportedMediaType: UnsupportedMedia,
    exceptions.Throttled: errors.RateLimited,
}


def _from_drf(exc: exceptions.APIException) -> errors.DomainError:
    for kind, ours in _DRF.items():
        if isinstance(exc, kind):
            return ours(str(exc.detail))
    return UnexpectedError()


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """``handler400``: what Django itself refuses before a view is asked, such as a malformed ``Host``."""
    return _plain(request, errors.BadRequest())


def not_found(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """``handler404``: no page of ours is at this address."""
    return _plain(request, errors.NotFound())


def server_error(request: HttpRequest) -> JsonResponse:
    """``handler500``: nothing of the inside is told; a database that middleware missed is a 503."""
    if isinstance(sys.exception(), DatabaseError | PyMongoError):
        return database_away(request)
    return _plain(request, UnexpectedError())


def database_away(request: HttpRequest) -> JsonResponse:
    """The 503 of whatever needs the database while it does not answer."""
    return refused(request, DatabaseAway())


def refused(request: HttpRequest, error: errors.DomainError) -> JsonResponse:
    """A refusal outside of the API's views, in the API's form."""
    response = _plain(request, error)
    if error.status in (429, 503):
        response["Retry-After"] = str(max(1, math.ceil(error.data.get("retry_after_s", 2))))
    return response


def _plain(request: HttpRequest, error: errors.DomainError) -> JsonResponse:
    body = problem(error, getattr(request, "request_id", ""))
    return JsonResponse(body, status=error.status, content_type=CONTENT_TYPE)
