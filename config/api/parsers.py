"""JSON in, within bounds that MongoDB and our memory can take."""

import json
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from kernel.jsonsafe import TooDeep, storable

INT_LIMIT = 2**53


class BoundedJSONParser(JSONParser):
    """Refuses with 400 what the library would answer with a crash: deep nesting, huge numbers, NaN, NUL."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            text = stream.read().decode("utf-8")
            data = json.loads(text, parse_constant=_no_constant, parse_int=_bounded_int) if text else {}
            return storable(data)
        except (ValueError, RecursionError, TooDeep) as error:
            raise ParseError(f"the body is not acceptable JSON: {_reason(error)}") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _bounded_int(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > INT_LIMIT:
        raise ValueError("a number is beyond ±2^53")
    return int(text)


def _reason(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError | TooDeep) else str(error)[:120]
