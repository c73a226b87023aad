"""Limits of outgoing text, media, locations, contacts and reactions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from channels.simulator.meta.errors import GraphError
from channels.simulator.meta.records import Json, Media, Message
from channels.simulator.meta.state import DAY, State
from channels.simulator.meta.whatsapp.checks import (
    child,
    invalid,
    items,
    missing,
    number_between,
    only,
    optional_text,
    text,
    web_link,
)
from channels.simulator.meta.whatsapp.mime_types import MIME_TYPES, SIZE_LIMITS, bare

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
STATIC_STICKER = 100 * 1024
MEDIA_KEYS = {
    "image": ("id", "link", "caption"),
    "video": ("id", "link", "caption"),
    "audio": ("id", "link", "voice"),
    "document": ("id", "link", "caption", "filename"),
    "sticker": ("id", "link"),
}
NAME_PARTS = ("first_name", "last_name", "middle_name", "suffix", "prefix")
CONTACT_KEYS = ("name", "phones", "emails", "addresses", "urls", "org", "birthday", "vcard")


def check_text(state: State, phone_number_id: str, body: Json) -> Any:
    """`text{body, preview_url}`; the body has 1 to 4096 characters."""
    content = child(body, "text", "text")
    only(content, ("body", "preview_url"), "text")
    text(content, "body", "text['body']", TEXT_LIMIT, is_graph=True)
    if not isinstance(content.get("preview_url", False), bool):
        raise GraphError(100, "Param text['preview_url'] must be a boolean.")
    return content


def check_media(kind: str) -> Callable[[State, str, Json], Any]:
    """The check for one kind of media: an `id` or a `link`, and what may stand beside it."""

    def check(state: State, phone_number_id: str, body: Json) -> Any:
        content = child(body, kind, kind)
        only(content, MEDIA_KEYS[kind], kind)
        check_media_source(state, phone_number_id, kind, content, kind)
        optional_text(content, "caption", f"{kind}['caption']", CAPTION_LIMIT, is_graph=True)
        optional_text(content, "filename", f"{kind}['filename']", 240, is_graph=True)
        return content

    return check


def check_media_source(
    state: State, phone_number_id: str, kind: str, content: Json, field: str
) -> Media | None:
    """Exactly one of `id` (uploaded to this number, right type and size) and `link`."""
    if ("id" in content) == ("link" in content):
        raise missing(f"{field}: exactly one of 'id' and 'link'")
    if "link" in content:
        web_link(content["link"], f"{field}['link']")
        return None
    media = state.media.get(str(content["id"]))
    if media is None or media.phone_number_id != phone_number_id or media.expires_at < state.now():
        raise invalid(f"{field}['id']", f"media {content['id']} was not found for this number.")
    problem = file_problem(kind, media.mime_type, len(media.content))
    if problem:
        raise invalid(f"{field}['id']", problem)
    if kind == "sticker" and len(media.content) > STATIC_STICKER and not _is_animated(media):
        raise invalid(f"{field}['id']", f"a static sticker has at most {STATIC_STICKER} bytes.")
    if content.get("voice") and bare(media.mime_type) != "audio/ogg":
        raise invalid(f"{field}['voice']", "a voice message must be audio/ogg with opus.")
    return media


def _is_animated(media: Media) -> bool:
    """Whether a WebP file has the animation flag of its extended header."""
    head = media.content[:21]
    return head[12:16] == b"VP8X" and bool(head[20] & 0x02)


def file_problem(kind: str, mime_type: str, size: int) -> str:
    """Why a file cannot be sent as `kind`; empty when it can."""
    if kind != "document" and bare(mime_type) not in MIME_TYPES[kind]:
        return f"{bare(mime_type)} cannot be sent as {kind}."
    if size > SIZE_LIMITS[kind]:
        return f"{size} bytes are more than the {SIZE_LIMITS[kind]} allowed for {kind}."
    return ""


def check_location(state: State, phone_number_id: str, body: Json) -> Any:
    """`location{latitude, longitude, name?, address?}` in degrees."""
    content = child(body, "location", "location")
    only(content, ("latitude", "longitude", "name", "address"), "location")
    for name, bound in (("latitude", 90), ("longitude", 180)):
        if content.get(name) in (None, ""):
            raise missing(f"location['{name}']")
        number_between(content[name], f"location['{name}']", -bound, bound)
    optional_text(content, "name", "location['name']", 1000)
    optional_text(content, "address", "location['address']", 1000)
    return content


def check_contacts(state: State, phone_number_id: str, body: Json) -> Any:
    """At most 257 contacts, each with a formatted name and one more part of the name."""
    found = items(body, "contacts", "contacts", 1, 257)
    for index, contact in enumerate(found):
        field = f"contacts[{index}]"
        only(contact, CONTACT_KEYS, field)
        name = child(contact, "name", f"{field}['name']")
        text(name, "formatted_name", f"{field}['name']['formatted_name']", 1000)
        if not any(name.get(part) for part in NAME_PARTS):
            raise missing(f"{field}['name']: one of {', '.join(NAME_PARTS)}")
        birthday = contact.get("birthday")
        if birthday is not None and not re.fullmatch(r"\d{4}-\d\d-\d\d", str(birthday)):
            raise invalid(f"{field}['birthday']", "must be YYYY-MM-DD.")
        for phone in contact.get("phones") or ():
            text(phone, "phone", f"{field}['phones']['phone']", 1000)
    return found


def check_reaction(state: State, phone_number_id: str, body: Json) -> Any:
    """One emoji on a message of at most 30 days; an empty one takes it away."""
    content = child(body, "reaction", "reaction")
    only(content, ("message_id", "emoji"), "reaction")
    wamid = text(content, "message_id", "reaction['message_id']", 1000)
    emoji = content.get("emoji")
    if not isinstance(emoji, str):
        raise missing("reaction['emoji']")
    if emoji and not is_one_emoji(emoji):
        raise invalid("reaction['emoji']", "must be one emoji.")
    target = state.messages.get(wamid)
    if target is None or not _can_react_to(target, phone_number_id, state.now()):
        raise invalid("reaction['message_id']", "message not found, too old, or a reaction itself.")
    return content


def _can_react_to(target: Message, phone_number_id: str, now: float) -> bool:
    return (
        target.phone_number_id == phone_number_id
        and target.type != "reaction"
        and now - target.at <= 30 * DAY
    )


def is_one_emoji(value: str) -> bool:
    """Whether the text looks like one emoji: a short sequence without letters or spaces.

    Digits count only inside a keycap; flags, skin tones and joined families are sequences.
    """
    if len(value) > 14 or any(ch.isspace() for ch in value):
        return False
    if value[0] in "0123456789#*":
        return value.endswith("\u20e3") and len(value) <= 3
    joined = value.count("\u200d")
    starts = [ch for ch in value if ord(ch) >= 0x203C and not _is_modifier(ch)]
    flags = sum(0x1F1E6 <= ord(ch) <= 0x1F1FF for ch in value)
    ascii_only = all(ord(ch) < 0x80 and ch not in "\u00a9\u00ae" for ch in value)
    if ascii_only or any(ch.isalpha() and ch not in "\u2139\u24c2" for ch in value):
        return False
    return flags == 2 and len(value) == 2 if flags else len(starts) <= joined + 1


def _is_modifier(ch: str) -> bool:
    code = ord(ch)
    return 0x1F3FB <= code <= 0x1F3FF or 0xFE00 <= code <= 0xFE0F or 0xE0020 <= code <= 0xE007F
