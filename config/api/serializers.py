"""The bases of every body: what comes in is checked by name, what goes out is declared."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from rest_framework import serializers

from config.api.fields import Whole


class Body(serializers.Serializer[Any]):
    """A request's object. A field that it does not have is refused by its name."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, Mapping):
            unknown = sorted(str(name) for name in set(data) - set(self.fields))
            if unknown:
                message = "There is no such field."
                raise serializers.ValidationError(dict.fromkeys(unknown, message), code="unknown")
        result: dict[str, Any] = super().to_internal_value(data)
        return result


class Nothing(Body):
    """An operation that takes no fields."""


class Change(Body):
    """A partial change: every field is optional, but there is at least one."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not set(attrs) - {"version"}:
            raise serializers.ValidationError("There is nothing to change.", code="empty")
        return attrs


class Versioned(Change):
    """A change that may name the version it was made on; ``If-Match`` says the same."""

    version = Whole(required=False, min_value=1)


class Shown(serializers.Serializer[Any]):
    """An answer's object: declared for the schema, rendered by plain functions."""


@cache
def page_of(kind: type[Shown]) -> type[Shown]:
    """The page of a list of ``kind``: ``{"results", "next"}``."""
    fields = {
        "results": kind(many=True),
        "next": serializers.CharField(
            allow_null=True, help_text="Send it back as `cursor` for the next page."
        ),
        "__doc__": "A page; `next` is null on the last one.",
    }
    return type(f"{kind.__name__}Page", (Shown,), fields)


@cache
def all_of(kind: type[Shown]) -> type[Shown]:
    """A whole list of ``kind``: ``{"results"}``."""
    fields = {"results": kind(many=True), "__doc__": "All of them."}
    return type(f"{kind.__name__}List", (Shown,), fields)
