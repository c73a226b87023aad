"""What each kind of Instagram message says.

Files become `MediaRef`s, which are fetched and kept. Stories do not: Meta forbids keeping a copy
of them, so only their address goes along, and it dies with the story. Shares are other people's
posts and stay addresses too.
"""

from dataclasses import dataclass, field
from typing import Any

from channels.providers.events import MediaRef
from channels.providers.meta.access import (
    as_flag,
    as_object,
    as_objects,
    as_text,
    as_texts,
)

Json = dict[str, Any]

HEART = "❤️"
_FILES = {"image": "image", "video": "video", "audio": "audio", "file": "document"}
_STICKER = "sticker"
# A post's own id is under another name for each kind of share.
_SHARES = {
    "ig_post": "ig_post_media_id",
    "ig_reel": "reel_video_id",
    "reel": "reel_video_id",
    "share": "ig_post_media_id",
    "ig_story": "story_media_id",
    "story": "story_media_id",
    "media": "id",
    "fallback": "id",
}


@dataclass(frozen=True, kw_only=True)
class Content:
    """The part of a written message that depends on its kind."""

    type: str
    text: str = ""
    content: Json = field(default_factory=dict)
    media: tuple[MediaRef, ...] = ()


def read_content(message: Json) -> Content:
    """Return what the message says; what cannot be shown as type ``unsupported``.

    Types: text; image, video, audio, document, sticker (with ``media``, several for an album);
    share (``{"shares": [{"kind", "media_id", "title", "url"}]}``); story_mention
    (``{"story": {"url", "id"}}``); interactive (``{"type": "quick_reply", "title", "payload"}``
    or ``{"type": <template's>, "raw"}``). A reply to a story carries ``{"story": {"id", "url"}}``.
    """
    text, attachments = as_text(message, "text"), as_objects(message, "attachments")
    story = as_texts(as_object(as_object(message, "reply_to"), "story"), "id", "url")
    around: Json = {"story": story | {"is_reply": True}} if story else {}
    if quick := as_object(message, "quick_reply"):
        given = {"type": "quick_reply", "title": text} | as_texts(quick, "payload")
        return Content(type="interactive", text=text, content=given | around)
    if attachments and not as_flag(message, "is_unsupported"):
        said = _attached(attachments, text)
        if said is not None:
            return Content(
                type=said.type, text=said.text, content=around | said.content, media=said.media
            )
    elif text and not as_flag(message, "is_unsupported"):
        return Content(type="text", text=text, content=around)
    elif story and not as_flag(message, "is_unsupported"):
        return Content(type="text", content=around)
    return _unsupported(message, attachments, text)


def _attached(attachments: list[Json], text: str) -> Content | None:
    """What the attachments show together; the first that can be shown gives the type."""
    parts = [part for one in _once(attachments) if (part := _part(one)) is not None]
    if not parts:
        return None
    content: Json = {}
    for part in parts:
        shares = content.get("shares", []) + part.content.get("shares", [])
        content = part.content | content | ({"shares": shares} if shares else {})
    return Content(
        type=parts[0].type,
        text=text or parts[0].text,
        content=content,
        media=tuple(ref for part in parts for ref in part.media),
    )


def _once(attachments: list[Json]) -> list[Json]:
    """Without the old form of a share that comes beside its new one: one post, shown once."""
    posts = sum(as_text(one, "type") == "ig_post" for one in attachments)
    kept: list[Json] = []
    for one in attachments:
        if as_text(one, "type") == "share" and posts:
            posts -= 1
        else:
            kept.append(one)
    return kept


def _part(attachment: Json) -> Content | None:
    """One attachment, or None where it is unknown or lacks what would make it visible."""
    kind, payload = as_text(attachment, "type"), as_object(attachment, "payload")
    if kind == "like_heart":
        return Content(type=_STICKER, text=HEART, content={"name": kind})
    if kind == "story_mention":
        return Content(type=kind, content={"story": as_texts(payload, "url", "id")})
    if kind == "template":
        return _template(payload)
    if kind in _SHARES:
        return _share(kind, attachment, payload)
    if kind in _FILES or kind == _STICKER:
        return _file(_FILES.get(kind, kind), payload)
    return None


def _file(kind: str, payload: Json) -> Content | None:
    url = as_text(payload, "url")
    if not url:
        return None  # expired, or a kind that the API does not hand out
    name = as_texts(payload, "name", "title")
    ref = MediaRef(kind=kind, url=url, filename=name.get("name", ""))
    return Content(type=kind, content=as_texts(payload, "sticker_id"), media=(ref,))


def _share(kind: str, attachment: Json, payload: Json) -> Content | None:
    url = (
        as_text(payload, "url") or as_text(payload, "story_media_url") or as_text(attachment, "url")
    )
    title = as_text(payload, "title") or as_text(attachment, "title")
    media_id = as_text(payload, _SHARES[kind]) or as_text(payload, "id")
    if not (url or title or media_id):
        return None
    found = {"kind": kind, "media_id": media_id, "title": title, "url": url}
    return Content(type="share", text=title, content={"shares": [found]})


def _template(payload: Json) -> Content:
    """A template that the account sent, here or elsewhere."""
    declared = as_text(payload, "template_type") or next(
        (name for name in ("generic", "button", "product", "media") if name in payload), "template"
    )
    inner = as_object(payload, declared) or payload
    first = next(iter(as_objects(inner, "elements")), inner)
    text = as_text(first, "title") or as_text(first, "text")
    return Content(type="interactive", text=text, content={"type": declared[:64], "raw": payload})


def _unsupported(message: Json, attachments: list[Json], text: str) -> Content:
    """A message that the timeline shows as not displayable, with all that was sent."""
    kinds = [kind for one in attachments if (kind := as_text(one, "type"))]
    original = kinds[0] if kinds else "unknown"
    if as_flag(message, "is_unsupported"):
        original = kinds[0] if kinds else "unsupported"
    content = {"original_type": original[:64], "raw": message}
    return Content(type="unsupported", text=text, content=content)
