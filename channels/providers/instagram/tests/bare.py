"""A body without every property that is neither a discriminator nor a natural key, all gone at once."""

import re
from typing import Any

from channels.providers.instagram.explode import KINDS

# Without these nobody could tell what a body is about, or of whom it speaks.
DISCRIMINATORS = {*KINDS} | set(
    re.findall(
        r"\S+",
        "object entry messaging standby changes field value id mid sender recipient from comment_id "
        "media_id attachments type is_deleted is_echo is_self watermark account_linking",
    )
)
# A notice without words is read from the API; an opt-in without its status is a tap.
POORER = {
    "MessageEdited": frozenset({"Announced"}),
    "PreferenceChanged": frozenset({"PressedButton"}),
}


def bare(value: Any) -> Any:
    """Return ``value`` without what is optional."""
    if isinstance(value, list):
        return [bare(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: bare(item) for name, item in value.items() if name in DISCRIMINATORS}
