"""Ids in paths: what is not an id is no address of ours, so it is 404 before anything is read."""

from django.urls import register_converter


class IdConverter:
    """``<id:name>``: 24 hexadecimal digits, lower case."""

    regex = "[0-9a-f]{24}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


def register() -> None:
    """Called once, by the URL configuration."""
    register_converter(IdConverter, "id")
