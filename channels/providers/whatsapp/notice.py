"""A notice in the making: what is said to people, how urgent it is, and what it changes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from channels.providers.whatsapp.access import as_text
from kernel.jsonsafe import storable_text

Json = dict[str, Any]

INFO, WARNING, CRITICAL = "info", "warning", "critical"
_MAX_SENTENCE = 500


@dataclass(frozen=True, kw_only=True)
class Notice:
    """The part of an `AccountNotice` that depends on its topic."""

    sentence: str
    severity: str = INFO
    facts: Json = field(default_factory=dict)


Reader = Callable[[Json], Notice]


def words(code: str) -> str:
    """Return one of Meta's upper-case words as people write it: ``NAME_EMPTY`` → ``name empty``."""
    return code.replace("_", " ").strip().lower()[:120]


def number_of(value: Json) -> str:
    """Return how to speak of the number that a notice is about."""
    number = as_text(value, "display_phone_number").strip().lstrip("+")[:40]
    return f"The number +{number}" if number else "The number"


def told(sentence: str, *more: str) -> str:
    """Return one text of sentences, each begun and ended as one; empty ones are left out."""
    ended = [part.strip() for part in (sentence, *more) if part.strip()]
    text = " ".join(
        part[0].upper() + part[1:] + ("" if part[-1] in ".!?" else ".") for part in ended
    )
    return storable_text(text)[:_MAX_SENTENCE]


def said_facts(value: Json, **keys: str) -> Json:
    """Return those of our facts that the value states: ``our_name="their_key"``."""
    return {ours: text for ours, theirs in keys.items() if (text := as_text(value, theirs))}
