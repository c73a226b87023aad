"""Reading the environment: a missing or weak value fails at start with a sentence."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent.parent
ENV = os.environ.get("SWITCHBOARD_ENV", "development")
PRODUCTION = ENV == "production"


def text(name: str, default: str | None = None) -> str:
    """A value; without one the default, which production does not accept for secrets."""
    value = os.environ.get(name) or default
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set; docs/operations.md explains it")
    return value


def secret(name: str, development: str) -> str:
    """A secret of at least 32 characters; in development a fixed one stands in."""
    value = os.environ.get(name) or ("" if PRODUCTION else development)
    if len(value) < 32:
        raise ImproperlyConfigured(
            f"{name} needs at least 32 characters; make one with `openssl rand -hex 32`"
        )
    return value


def items(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def number(name: str, default: int) -> int:
    """A whole number; what is empty is not set."""
    value = os.environ.get(name) or str(default)
    if not value.isdigit():
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}")
    return int(value)


def switch(name: str, default: bool) -> bool:
    """``1`` or ``0``."""
    value = os.environ.get(name) or ("1" if default else "0")
    if value not in ("0", "1"):
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}")
    return value == "1"


def choice(name: str, default: str, among: tuple[str, ...]) -> str:
    """One of a few words."""
    value = os.environ.get(name) or default
    if value not in among:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(among)}, not {value!r}")
    return value
