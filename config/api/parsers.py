"""JSON in, within bounds that MongoDB and our memory can take."""

import json
from typing import Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser, MultiPartParser

from kernel.errors import BadRequest, TooLarge
from kernel.jsonsafe import TooDeep, storable_json

INT_LIMIT = 2**53
FORM_OVERHEAD = 64 * 1024


class LengthRequired(BadRequest):
    code = "length_required"
    status = 411
    title = "Send a Content-Length: bodies in chunks are not read"


def require_length(meta: dict[str, Any]) -> None:
    """Refuse a body in chunks, which would otherwise be taken for an empty one."""
    if meta.get("HTTP_TRANSFER_ENCODING") and not meta.get("CONTENT_LENGTH"):
        raise LengthRequired


class BoundedJSONParser(JSONParser):
    """Refuses with 400 what the library would answer with a crash: deep nesting, huge numbers, NaN.

    A body over ``DATA_UPLOAD_MAX_MEMORY_SIZE`` is 413, and no more of it than that is read.
    """

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            text = _bounded(stream).decode("utf-8")
            data = (
                json.loads(text, parse_constant=_no_constant, parse_int=_bounded_int)
                if text
                else {}
            )
            return storable_json(data)
        except (ValueError, RecursionError, TooDeep) as error:
            raise ParseError(f"the body is not acceptable JSON: {_reason(error)}") from error


class UploadParser(MultiPartParser):
    """A form with one file. Its length is known before a byte is kept."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        length = str(stream.META.get("CONTENT_LENGTH") or "")
        if not length.isdecimal() or int(length) > settings.MEDIA_MAX_BYTES + FORM_OVERHEAD:
            raise TooLarge(limit=settings.MEDIA_MAX_BYTES)
        return super().parse(stream, media_type, parser_context)


def _bounded(stream: Any) -> bytes:
    """The body, read no further than the limit."""
    most: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body: bytes = stream.read(most + 1)
    if len(body) > most:
        raise TooLarge(limit=most)
    return body


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _bounded_int(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > INT_LIMIT:
        raise ValueError("a number is beyond ±2^53")
    return int(text)


def _reason(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError | TooDeep) else str(error)[:120]
