"""One webhook body into items that can be routed, stored and parsed each on its own.

Messages come in ``messaging``, those of threads that another app answers in ``standby``;
comments come in ``changes`` or, with Instagram Login, as ``field`` and ``value`` of the entry
itself; some apps get messages in ``changes`` too; and a whole body may be wrapped in a list.
A malformed item never hurts its siblings. For no JSON value does `explode` raise.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from channels.providers.contract import BadItem, RawItem
from channels.providers.instagram.identity import IG_ID, Sides, clean_id, read_sides
from channels.providers.meta.access import as_flag, as_int, as_object, as_text
from kernel.jsonsafe import TooDeep, pruned, storable_json, storable_text

Json = dict[str, Any]
Item = RawItem | BadItem

# What an item of ``messaging`` may hold, the most telling first, and the field it is filed under.
KINDS = {
    "message": "messages",
    "postback": "messaging_postbacks",
    "reaction": "message_reactions",
    "read": "messaging_seen",
    "message_edit": "message_edit",
    "pass_thread_control": "messaging_handover",
    "take_thread_control": "messaging_handover",
    "request_thread_control": "messaging_handover",
    "app_roles": "messaging_handover",
    "optin": "messaging_optins",
    "policy_enforcement": "messaging_policy_enforcement",
    "policy-enforcement": "messaging_policy_enforcement",
    "response_feedback": "response_feedback",
    "referral": "messaging_referral",
}
UNKNOWN = "messaging"
_IN_CHANGES = frozenset(
    {*KINDS.values(), "message_echoes", "messaging_reactions", "standby", UNKNOWN}
)
_COMMENTS = ("comments", "live_comments")
_MAX_FIELD, _MAX_MID, _MAX_KEY = 100, 512, 380


def explode(payload: Any) -> Iterator[Item]:
    """Yield every item of a webhook body.

    The body of a messaging item is ``{"field", "account_id", "entry_time", "standby",
    "event"}``, of any other ``{"field", "account_id", "entry_time", "value"}``.
    """
    bodies = payload if isinstance(payload, list) else [payload]
    if not bodies:
        yield _bad("the body is an empty list", payload)
    for body in bodies:
        if not isinstance(body, dict):
            yield _bad("the body is not an object", body)
        elif not isinstance(body.get("entry"), list):
            yield _bad("the body has no list of entries", body)
        else:
            for entry in body["entry"]:
                yield from _entry(entry)


def _entry(entry: Any) -> Iterator[Item]:
    if not isinstance(entry, dict):
        yield _bad("an entry is not an object", entry)
        return
    listed = [name for name in ("messaging", "standby", "changes") if entry.get(name) is not None]
    for name in listed:
        if not isinstance(entry[name], list):
            yield _bad(f"{name} is not a list", entry[name])
            continue
        for item in entry[name]:
            if name == "changes":
                yield _change(entry, item)
            else:
                yield _event(entry, item, is_standby=name == "standby")
    if "field" in entry:
        yield _change(entry, entry)
    elif not listed:
        yield _bad("an entry holds nothing that is known", entry)


# ------------------------------------------------------------------------- messaging items


def _event(entry: Json, event: Any, *, is_standby: bool) -> Item:
    if not isinstance(event, dict):
        return _bad("an item of messaging is not an object", event)
    kind = next((name for name in KINDS if event.get(name) is not None), "")
    part = as_object(event, kind)
    mid = storable_text(as_text(part, "mid"))
    if kind == "message" and not 0 < len(mid) <= _MAX_MID:
        return _bad("a message has no usable id", event)
    sides = read_sides(as_text(entry, "id"), event)
    body = {
        "field": KINDS.get(kind, UNKNOWN),
        "account_id": sides.account,
        "entry_time": as_int(entry, "time"),
        "standby": is_standby,
        "event": event,
    }
    parts = _key(kind, mid, part, event, sides) if mid else ()
    if not parts and "timestamp" in event:
        # Sent again it may come in another batch, and so with another time of its entry.
        return _raw(sides.account, sides.customer, body, (), by_event=True)
    return _raw(sides.account, sides.customer, body, parts)


def _key(kind: str, mid: str, part: Json, event: Json, sides: Sides) -> tuple[str, ...]:
    """What makes this item itself and no other about the same message; nothing if unsure."""
    match kind:
        case "message":
            # One mid names a message in both directions, and its withdrawal once more.
            if as_flag(part, "is_deleted"):
                return ("del", mid)
            return ("echo" if sides.is_ours else "msg", mid)
        case "message_edit":
            number = as_text(part, "num_edit")
            return ("edit", mid, number) if number else ()
        case "postback":
            return ("pb", mid)
        case "read":
            return ("read", mid, sides.customer)
        case "reaction":
            at, actor = as_text(event, "timestamp"), as_text(as_object(event, "sender"), "id")
            said = (as_text(part, "action"), as_text(part, "emoji"))
            return ("rx", mid, actor, *said, at) if at else ()
    return ()


# ------------------------------------------------------------------------------- changes


def _change(entry: Json, change: Any) -> Item:
    if not isinstance(change, dict):
        return _bad("a change is not an object", change)
    field = storable_text(as_text(change, "field"))
    if not 0 < len(field) <= _MAX_FIELD:
        return _bad("a change has no field", change)
    value = change.get("value")
    if not isinstance(value, dict):
        return _bad("a change has no value object", change)
    if field in _IN_CHANGES or _is_event(value):
        return _event(entry, value, is_standby=field == "standby")
    account = clean_id(as_text(entry, "id"))
    body = {
        "field": field,
        "account_id": account,
        "entry_time": as_int(entry, "time"),
        "value": value,
    }
    author = clean_id(as_text(as_object(value, "from"), "id"))
    return _raw(account, author, body, _change_key(field, value))


def _is_event(value: Json) -> bool:
    """Whether it is what happened in a thread, under a field's name that is Messenger's."""
    has_side = any(isinstance(value.get(side), dict) for side in ("sender", "recipient"))
    return has_side and not KINDS.keys().isdisjoint(value)


def _change_key(field: str, value: Json) -> tuple[str, ...]:
    comment = comment_id(value)
    if field in _COMMENTS and comment:
        return ("comment", comment)  # a boosted post announces one comment twice
    if field == "mentions" and (comment or as_text(value, "media_id")):
        return ("mention", as_text(value, "media_id"), comment)
    return ()


def comment_id(value: Json) -> str:
    """The comment's id, under either of the names that it comes by."""
    return as_text(value, "id") or as_text(value, "comment_id")


# --------------------------------------------------------------------------------- making


def _raw(
    account: str, order_key: str, body: Json, parts: tuple[str, ...], *, by_event: bool = False
) -> Item:
    """``parts`` make the key; without them what is said does: the event, or the whole body."""
    try:
        safe: Json = storable_json(body)
    except TooDeep as error:
        return _bad(str(error), body)
    key = storable_text(":".join(parts)) if parts else ""
    if not key or len(key) > _MAX_KEY:
        key = _fingerprint(key or (safe["event"] if by_event else safe))
    return RawItem(
        address_kind=IG_ID,
        address=account,
        key=key,
        order_key=order_key,
        field=safe["field"],
        body=safe,
    )


def _fingerprint(said: Any) -> str:
    """The identity of an item that Meta gives no id: what it says, and when it was said."""
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def _bad(reason: str, body: Any) -> BadItem:
    return BadItem(reason=reason, body=pruned(body))
