"""A message as the API takes it, before any channel has seen it: its words and its files."""

from dataclasses import dataclass, field
from typing import Any

from messaging.models import Message

MEDIA_TYPES = ("image", "audio", "video", "document", "sticker")
FREE = ("template", "comment")  # whatever the window says; tried for a day
HEADED_TYPES = ("template", "interactive")
HEADER_FILES = ("image", "video", "document")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A message as the API takes it: ``body`` is the object named as the type."""

    type: str
    text: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    preview_url: bool = False
    reply_to_id: str = ""


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of a draft: its own, that of its header, of a card, of an album. ``field`` is what the caller wrote."""

    kind: str
    field: str
    given: dict[str, Any]


def draft_again(message: Message) -> Draft:
    """The draft that a stored message came from, as far as its files are concerned."""
    return Draft(type=message.type, text=message.text, body=message.content)


def text_of(draft: Draft, content: dict[str, Any]) -> str:
    """The words by which the conversation shows a message: its own, or those of what it shares."""
    body = draft.body
    match draft.type:
        case "template":
            return str(content.get("rendered") or "")
        case "interactive":
            return draft.text or words(body, "body")
        case "location":
            return ", ".join(word for key in ("name", "address") if (word := words(body, key)))
        case "contacts":
            cards = [card for card in body.get("contacts") or () if isinstance(card, dict)]
            return ", ".join(name for card in cards if (name := _card_name(card)))
    return draft.text or words(body, "caption")


def _card_name(card: dict[str, Any]) -> str:
    name = card.get("name")
    return words(name, "formatted_name") if isinstance(name, dict) else ""


def words(source: dict[str, Any], key: str) -> str:
    value = source.get(key)
    return value if isinstance(value, str) else ""


def file_of(draft: Draft) -> File | None:
    """The file that a draft carries by its type or in its header; None without one."""
    if draft.type in MEDIA_TYPES:
        return File(kind=draft.type, field=draft.type, given=draft.body)
    header = draft.body.get("header") if draft.type in HEADED_TYPES else None
    for kind in HEADER_FILES:
        given = header.get(kind) if isinstance(header, dict) else None
        if isinstance(given, dict):
            return File(kind=kind, field=f"{draft.type}.header.{kind}", given=given)
    return None


def files_of(draft: Draft) -> list[File]:
    """All files that a draft carries: its own or its header's first, then those of cards or of an album."""
    main = file_of(draft)
    found = [] if main is None or "images" in main.given else [main]
    if draft.type in HEADED_TYPES:
        for index, card in enumerate(_items(draft.body, "cards")):
            header = card.get("header")
            found += [
                File(kind=kind, field=f"{draft.type}.cards.{index}.header.{kind}", given=given)
                for kind in HEADER_FILES
                if isinstance(header, dict) and isinstance(given := header.get(kind), dict)
            ]
    if draft.type == "image":
        found += [File(kind="image", field=f"image.images[{index}]", given=given)
                  for index, given in enumerate(_items(draft.body, "images"))]  # fmt: skip
    return found


def media_ids_of(draft: Draft) -> list[str]:
    """The uploads that a draft names, each once, in the order in which the message keeps them."""
    named = (file.given.get("media_id") for file in files_of(draft))
    return list(dict.fromkeys(id_ for id_ in named if isinstance(id_, str) and id_))


def _items(body: dict[str, Any], key: str) -> list[dict[str, Any]]:
    given = body.get(key)
    return (
        [one if isinstance(one, dict) else {} for one in given] if isinstance(given, list) else []
    )
