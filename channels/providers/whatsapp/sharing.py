"""Places and contact cards on their way out, in the form in which they come in.

A location is ``{"latitude", "longitude", "name"?, "address"?}`` in degrees; contacts are
``{"contacts": [{"name": {"formatted_name", "first_name"?, …}, "phones"?, "emails"?, …}]}``.
"""

import re
from datetime import date
from typing import Any

from channels.providers.contract import InvalidMessage
from channels.providers.whatsapp import limits
from channels.providers.whatsapp.fields import check

Json = dict[str, Any]

_NAME_PARTS = ("first_name", "last_name", "middle_name", "suffix", "prefix")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def validate_location(content: Json) -> None:
    """Raise `InvalidMessage` for degrees that no place has, or words that are too long."""
    check(limits.FIELDS["location"], content, "location")


def compose_location(content: Json) -> Json:
    """Return the Cloud API's ``location`` object; it takes degrees as text."""
    place: Json = {name: f"{content[name]:.15g}" for name in ("latitude", "longitude")}
    return place | {name: content[name] for name in ("name", "address") if content.get(name)}


def validate_contacts(content: Json) -> None:
    """Raise `InvalidMessage` for cards that are incomplete or too many."""
    check(limits.FIELDS["contacts"], content, "contacts")
    for index, card in enumerate(content["contacts"]):
        field = f"contacts.contacts.{index}"
        if not any(card["name"].get(part) for part in _NAME_PARTS):
            says = f"Beside formatted_name, give one of: {', '.join(_NAME_PARTS)}."
            raise InvalidMessage(f"{field}.name", says)
        if card.get("birthday") and not _is_day(card["birthday"]):
            raise InvalidMessage(f"{field}.birthday", "A day as YYYY-MM-DD.")


def compose_contacts(content: Json) -> list[Json]:
    """Return the Cloud API's ``contacts`` list."""
    cards: list[Json] = content["contacts"]
    return cards


def _is_day(value: str) -> bool:
    try:
        return bool(_DAY.fullmatch(value)) and date.fromisoformat(value) is not None
    except ValueError:
        return False
