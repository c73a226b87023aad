"""One exploded item of an Instagram webhook into internal events.

Whatever a customer did is shown, if only as unsupported; what came as a bare id is `Announced`,
so that it is read from the API; what is understood and without consequence is `Ignored` with a
reason that the ledger counts. Only an item that names nothing and nobody is `Unparsable`.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from channels.providers.events import (
    Announced,
    Echo,
    Event,
    Ignored,
    InboundMessage,
    MessageEdited,
    MessageRevoked,
    PressedButton,
    Reaction,
    ReadUpTo,
    Referred,
)
from channels.providers.instagram import account, comments
from channels.providers.instagram.content import read_content
from channels.providers.instagram.explode import KINDS
from channels.providers.instagram.identity import Sides, clean_id, read_sides
from channels.providers.instagram.unparsable import Unparsable
from channels.providers.meta.access import (
    as_flag,
    as_int,
    as_object,
    as_text,
    as_time,
)
from kernel.jsonsafe import TooDeep, storable_json

Json = dict[str, Any]

_NOT_IN_REASON = re.compile(r"[^A-Za-z0-9_-]")
_ENVELOPE = ("sender", "recipient", "timestamp")
# Where the emoji itself is missing. An unknown name still is a reaction, of a kind not told.
_EMOJIS = {
    "love": "❤️",
    "like": "👍",
    "dislike": "👎",
    "haha": "😆",
    "smile": "😆",
    "wow": "😮",
    "sad": "😢",
    "angry": "😠",
}
_NOT_TOLD = "❔"


def parse(body: Json) -> list[Event]:
    """Return the events of one `RawItem.body`. Raises `Unparsable`, and nothing else."""
    if not isinstance(body, dict):
        raise Unparsable("the item is not an object")
    try:
        body = storable_json(body)
    except TooDeep as error:
        raise Unparsable(str(error)) from error
    if isinstance(body.get("event"), dict):
        return [_event(body, body["event"])]
    if isinstance(body.get("value"), dict):
        return [_change(body, body["value"])]
    raise Unparsable("the item holds no event and no value")


def _event(body: Json, event: Json) -> Event:
    kind = next((name for name in KINDS if event.get(name) is not None), "")
    at = as_time(event, "timestamp") or as_time(body, "entry_time")
    if not kind:
        name = next((key for key in sorted(event) if key not in _ENVELOPE), "")
        return Ignored(reason=_reason("event", name), provider_at=at)
    if not isinstance(event[kind], dict):
        raise Unparsable(f"{kind} is not an object")
    sides = read_sides(as_text(body, "account_id"), event)
    return _READERS[kind](_Item(body, event, event[kind], sides, at))


class _Item:
    """One item of ``messaging`` on its way through a reader."""

    def __init__(
        self, body: Json, event: Json, part: Json, sides: Sides, at: datetime | None
    ) -> None:
        self.body, self.event, self.part, self.sides, self.at = body, event, part, sides, at
        self.mid = as_text(part, "mid")

    @property
    def author(self) -> Any:
        """The customer where they acted, None where the account did or nobody is named."""
        named = self.sides.customer and not self.sides.is_ours
        return self.sides.person if named else None

    @property
    def referral(self) -> Json | None:
        return as_object(self.part, "referral") or as_object(self.event, "referral") or None

    def announced(self, what: str) -> Announced:
        text = as_text(self.part, "text")
        return Announced(
            provider_at=self.at,
            what=what,
            external_id=self.mid,
            person=self.author,
            detail={"text": text} if text else {},
        )

    def ignored(self, reason: str) -> Ignored:
        return Ignored(reason=reason, provider_at=self.at)

    def need_person(self) -> None:
        if not self.sides.customer:
            raise Unparsable("the item does not say who did it")


# ------------------------------------------------------------------------------- messages


def _message(item: _Item) -> Event:
    message, sides = item.part, item.sides
    if not item.mid:
        raise Unparsable("the message has no id")
    if as_flag(message, "is_deleted"):
        return MessageRevoked(provider_at=item.at, external_id=item.mid, author=item.author)
    if as_flag(message, "is_self") or sides.customer == sides.account != "":
        return item.ignored("self_message")
    if not sides.customer:
        return item.announced("message")
    said = read_content(message)
    common: dict[str, Any] = {
        "provider_at": item.at,
        "external_id": item.mid,
        "type": said.type,
        "text": said.text,
        "content": said.content,
        "media": said.media,
        "reply_to_external_id": as_text(as_object(message, "reply_to"), "mid"),
    }
    if sides.is_ours:
        return Echo(recipient=sides.person, app_id=as_text(message, "app_id"), **common)
    is_standby = as_flag(item.body, "standby")
    return InboundMessage(
        sender=sides.person, referral=item.referral, is_standby=is_standby, **common
    )


def _edit(item: _Item) -> Event:
    """An edit; or, with number 0 and no words, the only notice there will be of a new message."""
    if not item.mid:
        raise Unparsable("the edit does not say of which message")
    number = as_int(item.part, "num_edit")
    if number == 0:
        return item.announced("message")
    if not isinstance(item.part.get("text"), str):
        return item.announced("edit" if number else "message")
    return MessageEdited(
        provider_at=item.at,
        external_id=item.mid,
        text=as_text(item.part, "text"),
        author=item.author,
        number=number,
    )


# ------------------------------------------------------------------- what answers a message


def _reaction(item: _Item) -> Event:
    item.need_person()
    if not item.mid:
        raise Unparsable("the reaction does not say to which message")
    if item.sides.is_ours:
        return item.ignored("own_reaction")
    emoji = ""
    if as_text(item.part, "action") != "unreact":
        name = as_text(item.part, "reaction")
        emoji = as_text(item.part, "emoji") or _EMOJIS.get(name, _NOT_TOLD)
    millis = int(item.at.timestamp() * 1000) if item.at else 0
    return Reaction(
        provider_at=item.at,
        # Meta gives a reaction no id: when, who and what tell it from another to that message.
        external_id=f"{millis}:{item.sides.customer}:{emoji[:8]}:{item.mid}"[:300],
        target_external_id=item.mid,
        sender=item.sides.person,
        emoji=emoji,
    )


def _read(item: _Item) -> Event:
    item.need_person()
    if item.sides.is_ours:
        return item.ignored("own_read")
    if not item.mid:
        return item.ignored("read_without_message")
    return ReadUpTo(provider_at=item.at, external_id=item.mid, reader=item.sides.person)


def _postback(item: _Item) -> Event:
    item.need_person()
    if item.sides.is_ours:
        return item.ignored("own_postback")
    return PressedButton(
        provider_at=item.at,
        sender=item.sides.person,
        external_id=item.mid,
        title=as_text(item.part, "title"),
        payload=as_text(item.part, "payload"),
        referral=item.referral,
    )


def _referral(item: _Item) -> Event:
    item.need_person()
    if item.sides.is_ours:
        return item.ignored("own_referral")
    return Referred(provider_at=item.at, sender=item.sides.person, referral=item.part)


def _optin(item: _Item) -> Event:
    item.need_person()
    return account.opted_in(item.part, item.sides.person, item.at)


def _control(action: str) -> "Callable[[_Item], Event]":
    def read(item: _Item) -> Event:
        return account.thread_control(action, item.part, item.author, item.at)

    return read


def _policy(item: _Item) -> Event:
    return account.policy_enforced(item.part, item.at)


def _feedback(item: _Item) -> Event:
    return item.ignored("response_feedback")


_READERS: dict[str, Callable[[_Item], Event]] = {
    "message": _message,
    "postback": _postback,
    "reaction": _reaction,
    "read": _read,
    "message_edit": _edit,
    "pass_thread_control": _control("pass"),
    "take_thread_control": _control("take"),
    "request_thread_control": _control("request"),
    "app_roles": _control("roles"),
    "optin": _optin,
    "policy_enforcement": _policy,
    "policy-enforcement": _policy,
    "response_feedback": _feedback,
    "referral": _referral,
}


# -------------------------------------------------------------------------------- changes


def _change(body: Json, value: Json) -> Event:
    field, at = as_text(body, "field"), as_time(body, "entry_time")
    owner = clean_id(as_text(body, "account_id"))
    match field:
        case "comments" | "live_comments":
            return comments.commented(owner, value, at, is_live=field == "live_comments")
        case "mentions":
            return comments.mentioned(owner, value, at)
        case "story_insights":
            return account.story_insights(value, at)
    return Ignored(reason=_reason("field", field), provider_at=at)


def _reason(kind: str, name: str) -> str:
    """Return a reason with few distinct values, whatever the payload says."""
    return f"{kind}:{_NOT_IN_REASON.sub('_', name)[:64] or 'unnamed'}"
