"""Every refusal that a caller of the API can meet, as a page."""

from functools import cache
from html import escape
from importlib import import_module

from django.apps import apps
from django.urls import get_resolver

from kernel.errors import DomainError, all_errors

TITLE = "Errors"
INTRODUCTION = (
    "Every refusal is `application/problem+json`: `type`, `title`, `status`, `code`, `detail`, "
    "`errors` (one entry for each field), `request_id`. Programs act on `code`; it never changes "
    "its meaning."
)


@cache
def catalogue() -> tuple[type[DomainError], ...]:
    """All refusals of the apps and of the API itself, by status and code, one for each pair."""
    for config in apps.get_app_configs():
        if (name := f"{config.name}.errors") and _is_ours(config.path):
            _import_if_there(name)
    _ = get_resolver().url_patterns  # the views import what they refuse
    ours = (kind for kind in all_errors() if not kind.__module__.startswith("tests."))
    return tuple({(kind.status, kind.code): kind for kind in ours}.values())


def as_markdown() -> str:
    """The page for ``docs/errors.md``."""
    rows = [f"| {k.status} | `{k.code}` | {k.title} |" for k in catalogue()]
    head = [f"# {TITLE}", "", INTRODUCTION, "", "| status | code | meaning |", "|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def as_html() -> str:
    """The page that a problem's ``type`` points to, with an anchor for each code."""
    rows = "".join(
        f'<tr id="{escape(k.code)}"><td>{k.status}<td><code>{escape(k.code)}</code>'
        f"<td>{escape(k.title)}"
        for k in catalogue()
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{TITLE}</title>"
        f"<h1>{TITLE}</h1><p>{escape(INTRODUCTION)}</p><table>{rows}</table>"
    )


def _is_ours(path: str) -> bool:
    return "site-packages" not in path


def _import_if_there(name: str) -> None:
    try:
        import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
