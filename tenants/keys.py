"""The form of an API key: ``sb_live_<id>_<secret><crc>``, or ``sb_test_…`` outside production.

The prefix lets secret scanners find a leaked key, the CRC lets them check it
without asking us. Only a peppered HMAC of the secret is stored. A key of another
environment, a cut or a mistyped one is refused by its form alone, without a look
into the database.
"""

import hashlib
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass

from django.conf import settings

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
FORM = re.compile(r"sb_(live|test)_([0-9a-f]{24})_([0-9A-Za-z]{32})([0-9A-Za-z]{6})")


@dataclass(frozen=True)
class ParsedKey:
    """The two parts of a well-formed key."""

    id: str
    secret: str


def new_secret() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(32))


def render(key_id: str, secret: str) -> str:
    """The text shown once to the maker."""
    body = f"sb_{settings.KEY_ENVIRONMENT}_{key_id}_{secret}"
    return body + _checksum(body)


def parse(text: str) -> ParsedKey | None:
    """The parts, or None for anything that is not a key of this environment with a right checksum."""
    match = FORM.fullmatch(text)
    if not match or match[1] != settings.KEY_ENVIRONMENT:
        return None
    if not hmac.compare_digest(_checksum(text[:-6]), match[4]):
        return None
    return ParsedKey(match[2], match[3])


def digest(secret: str) -> str:
    return hmac.new(settings.KEY_PEPPER.encode(), secret.encode(), hashlib.sha256).hexdigest()


def matches(secret: str, stored: str) -> bool:
    return hmac.compare_digest(digest(secret), stored)


def _checksum(body: str) -> str:
    number, text = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, rest = divmod(number, 62)
        text = ALPHABET[rest] + text
    return text
