"""What a production must not start with: each fault is a sentence, and all of them are said at once.

Imported last. Development has stand-ins for everything, which are refused here.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from kernel.envelope import KeyRing

LEAST_SECRET, LEAST_PEPPER, LEAST_PASSWORD, LEAST_TOKEN = 50, 32, 16, 16
LEAST_DISTINCT = 8
MAKE = "make one with `openssl rand -hex 32`"
ADDRESSES = ("PUBLIC_URL", "EDGE_URL", "STREAM_URL", "FRONTEND_URL")
WORDS = (
    "password", "secret", "changeme", "change-me", "change_me", "example", "default", "insecure",
    "development", "letmein", "switchboard", "qwerty", "1234567",
)  # fmt: skip
LOCAL = {"127.0.0.1", "localhost", "::1"}
PRINTING = ("console", "dummy", "locmem", "filebased")


def refuse_unsafe(given: Mapping[str, Any]) -> None:
    """Raise ``ImproperlyConfigured`` with a sentence for each unsafe value of the settings ``given``."""
    if found := list(faults(given)):
        raise ImproperlyConfigured(" ".join(found))


def faults(given: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each value that a production must not start with. None shows a secret."""
    if given["DEBUG"]:
        yield "DEBUG is on: error pages would show the inside to everybody."
    yield from _secrets(given)
    yield from _key_ring(given)
    yield from _addresses(given)
    yield from _servers(given)
    yield from _mail(given)
    yield from _provider(given)


def _secrets(given: Mapping[str, Any]) -> Iterator[str]:
    for name, least in (("SECRET_KEY", LEAST_SECRET), ("KEY_PEPPER", LEAST_PEPPER)):
        if problem := _weak(given[name], least):
            yield f"SWITCHBOARD_{name} {problem}; {MAKE}."
    if given["SECRET_KEY"] == given["KEY_PEPPER"]:
        yield f"SWITCHBOARD_SECRET_KEY and SWITCHBOARD_KEY_PEPPER are the same; {MAKE} for each."
    token = given["METRICS_TOKEN"]
    if token and (problem := _weak(token, LEAST_PEPPER)):
        yield f"SWITCHBOARD_METRICS_TOKEN {problem}; {MAKE}."


def _weak(secret: str, least: int) -> str:
    if len(secret) < least:
        return f"needs at least {least} characters"
    if len(set(secret)) < LEAST_DISTINCT or any(word in secret.lower() for word in WORDS):
        return "is not random"
    return ""


def _key_ring(given: Mapping[str, Any]) -> Iterator[str]:
    try:
        KeyRing.from_env(given["KEY_RING"])
    except ValueError as error:
        yield (f"SWITCHBOARD_KEY_RING cannot be used ({error}); an entry is `k1:` and what "
               "`openssl rand -base64 32` gives.")  # fmt: skip


def _addresses(given: Mapping[str, Any]) -> Iterator[str]:
    for name in ADDRESSES:
        parts = urlsplit(given[name])
        if parts.scheme != "https" or not parts.hostname or parts.hostname in LOCAL:
            yield f"SWITCHBOARD_{name} must be the https:// address that others use."
    if not given["ALLOWED_HOSTS"]:
        yield "SWITCHBOARD_ALLOWED_HOSTS names no host: nothing would be answered."
    if "*" in given["ALLOWED_HOSTS"]:
        yield "SWITCHBOARD_ALLOWED_HOSTS allows every host: name yours."


def _servers(given: Mapping[str, Any]) -> Iterator[str]:
    for name in ("MONGODB_URI", "REDIS_URL"):
        parts = urlsplit(given[name].replace(",", "%2C", given[name].count(",")))
        password = unquote(parts.password or "")
        if not password:
            is_proven = "authmechanism" in parts.query.lower()
            if not is_proven and (parts.hostname or "") not in LOCAL:
                yield f"{name} has no password: whoever reaches the server could read everything."
        elif problem := _weak(password, LEAST_PASSWORD):
            yield f"The password in {name} {problem}; {MAKE}."


def _mail(given: Mapping[str, Any]) -> Iterator[str]:
    if any(word in given["EMAIL_BACKEND"] for word in PRINTING):
        yield "SWITCHBOARD_EMAIL_BACKEND sends no mail: nobody could verify an address."
    if given["DEFAULT_FROM_EMAIL"].rstrip("> ").endswith("@localhost"):
        yield "SWITCHBOARD_FROM_EMAIL is nobody's address: name the sender of the mails."
    if given["ACCOUNT_EMAIL_VERIFICATION"] != "mandatory":
        yield ("SWITCHBOARD_EMAIL_VERIFICATION must be mandatory: who signs up with another's "
               "address would get their invitations.")  # fmt: skip


def _provider(given: Mapping[str, Any]) -> Iterator[str]:
    secrets = [part.strip() for part in given["META_APP_SECRET"].split(",")]
    if any(_weak(secret, LEAST_TOKEN) for secret in secrets):
        yield "META_APP_SECRET is not an app secret of Meta's: webhooks could be forged."
    if _weak(given["META_VERIFY_TOKEN"], LEAST_TOKEN):
        yield (f"META_VERIFY_TOKEN needs at least {LEAST_TOKEN} random characters: who guesses it "
               "could point Meta's webhooks elsewhere.")  # fmt: skip
