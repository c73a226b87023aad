"""Comments under posts and in live videos, and mentions of the account elsewhere.

A comment's own time does not come; the entry's is when it was announced. The account's own
comments are announced as well and are of no interest here.
"""

from datetime import datetime
from typing import Any

from channels.providers.events import Announced, Commented, Event, Ignored
from channels.providers.instagram.explode import comment_id
from channels.providers.instagram.identity import clean_id, person
from channels.providers.instagram.unparsable import Unparsable
from channels.providers.meta.access import as_object, as_text, as_texts, as_time

Json = dict[str, Any]

_MEDIA = ("id", "media_product_type", "permalink", "ad_id", "ad_title", "original_media_id")


def commented(
    account: str,
    value: Json,
    at: datetime | None,
    *,
    is_live: bool = False,
    is_mention: bool = False,
) -> Event:
    """Return the comment that ``value`` describes; `Announced` where it does not say whose."""
    found = comment_id(value)
    if not found:
        raise Unparsable("the comment has no id")
    igsid = clean_id(as_text(as_object(value, "from"), "id"))
    if not igsid:
        media_id = as_text(_media(value), "id")
        detail = as_texts(value, "text") | ({"media_id": media_id} if media_id else {})
        return Announced(provider_at=at, what="comment", external_id=found, detail=detail)
    if igsid == account:
        return Ignored(reason="own_comment", provider_at=at)
    return described_comment(account, value, at, is_live=is_live, is_mention=is_mention)


def described_comment(
    account: str,
    value: Json,
    at: datetime | None = None,
    *,
    is_live: bool = False,
    is_mention: bool = False,
) -> Commented:
    """Return the comment of a webhook or of the API's node; nobody's identity where none is told."""
    author = as_object(value, "from")
    igsid = clean_id(as_text(author, "id"))
    username = as_text(author, "username") or as_text(value, "username")
    return Commented(
        provider_at=as_time(value, "timestamp") or as_time(value, "created_time") or at,
        external_id=comment_id(value),
        author=person(account, igsid, username=username),
        text=as_text(value, "text"),
        parent_external_id=as_text(value, "parent_id"),
        media=_media(value),
        is_live=is_live,
        is_mention=is_mention,
    )


def _media(value: Json) -> Json:
    media: Json = {**as_texts(as_object(value, "media"), *_MEDIA)}
    media_id = as_text(value, "media_id")
    return media or ({"id": media_id} if media_id else {})


def mentioned(account: str, value: Json, at: datetime | None) -> Event:
    """Return a mention: ids only, as a rule, so that its words must be read from the API.

    In a comment it has the comment's id, in the caption of a post the post's.
    """
    comment, media_id = as_text(value, "comment_id"), as_text(value, "media_id")
    if as_object(value, "from") and comment_id(value):
        return commented(account, value, at, is_mention=True)
    if not (comment or media_id):
        raise Unparsable("the mention does not say where")
    detail = {key: text for key, text in (("media_id", media_id), ("comment_id", comment)) if text}
    return Announced(provider_at=at, what="mention", external_id=comment or media_id, detail=detail)
