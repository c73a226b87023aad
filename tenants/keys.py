"""The form of an API key: ``sb_live_<id>_<secret><crc>``.

The prefix lets secret scanners find a leaked key, the CRC lets them check it
without asking us. Only a peppered HMAC of the secret is stored.
"""

import hashlib
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass

from django.conf import settings

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
FORM = re.compile(r"^sb_live_([0-9a-f]{24})_([0-9A-Za-z]{32})([0-9A-Za-z]{6})$")


@dataclass(frozen=True)
class ParsedKey:
    """The two parts of a well-formed key."""

    id: str
    secret: str


def new_secret() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(32))


def render(key_id: str, secret: str) -> str:
    """The text shown once to the maker."""
    body = f"sb_live_{key_id}_{secret}"
    return body + _checksum(body)


def parse(text: str) -> ParsedKey | None:
    """The parts, or None for anything that is not a key with a right checksum."""
    match = FORM.match(text)
    if not match or not hmac.compare_digest(_checksum(text[:-6]), match[3]):
        return None
    return ParsedKey(match[1], match[2])


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
