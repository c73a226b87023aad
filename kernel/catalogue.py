"""Every refusal that a caller of the API can meet, as a page."""

from collections import defaultdict
from functools import cache
from html import escape
from importlib import import_module

from django.apps import apps
from django.urls import get_resolver

from kernel.errors import all_errors

TITLE = "Errors"
INTRODUCTION = (
    "Every refusal is `application/problem+json`: `type`, `title`, `status`, `code`, `detail`, "
    "`errors` (one entry for each field), `request_id`. Programs act on `code`; it never changes "
    "its meaning."
)


@cache
def catalogue() -> tuple[tuple[int, str, str], ...]:
    """``(status, code, meaning)`` of all refusals of the apps and of the API itself, in that order."""
    for config in apps.get_app_configs():
        if "site-packages" not in config.path:
            _import_if_there(f"{config.name}.errors")
    _ = get_resolver().url_patterns  # the views import what they refuse
    meanings: dict[tuple[int, str], set[str]] = defaultdict(set)
    for kind in all_errors():
        if "tests" not in kind.__module__.split("."):
            meanings[kind.status, kind.code].add(kind.title)
    return tuple((*key, " / ".join(sorted(titles))) for key, titles in sorted(meanings.items()))


def as_markdown() -> str:
    """The page for ``docs/errors.md``."""
    rows = [f"| {status} | `{code}` | {meaning} |" for status, code, meaning in catalogue()]
    head = [f"# {TITLE}", "", INTRODUCTION, "", "| status | code | meaning |", "|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def as_html() -> str:
    """The page that a problem's ``type`` points to, with an anchor for each code."""
    rows = "".join(
        f'<tr id="{escape(code)}"><td>{status}<td><code>{escape(code)}</code><td>{escape(meaning)}'
        for status, code, meaning in catalogue()
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{TITLE}</title>"
        f"<h1>{TITLE}</h1><p>{escape(INTRODUCTION)}</p><table>{rows}</table>"
    )


def _import_if_there(name: str) -> None:
    try:
        import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
