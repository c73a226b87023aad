"""An account sends: Instagram's checks in their order, then the bubble and the echo."""

from __future__ import annotations

from collections import deque

from channels.simulator.meta.instagram.contents import read_content
from channels.simulator.meta.instagram.delivery import item, tell
from channels.simulator.meta.instagram.errors import invalid, refusal_in_id, refused
from channels.simulator.meta.instagram.records import Account, Comment, Person
from channels.simulator.meta.records import Json, Message
from channels.simulator.meta.simulator import Simulator
from channels.simulator.meta.state import DAY
from channels.simulator.meta.whatsapp.telephone import show, show_change

TYPES = ("RESPONSE", "UPDATE", "MESSAGE_TAG")
KEYS = ("text", "attachment", "attachments", "quick_replies", "metadata", "reply_to")
BODY_KEYS = (
    "recipient",
    "message",
    "messaging_type",
    "tag",
    "reply_to",
    "sender_action",
    "payload",
    "access_token",
    "platform",
    "appsecret_proof",
    "appsecret_time",
)
ACTIONS = ("typing_on", "typing_off", "mark_seen", "react", "unreact")


async def send(sim: Simulator, account: Account, body: Json, is_instagram: bool) -> Json:
    """Check and accept; answers `{recipient_id, message_id?}`. Raises `GraphError`."""
    for name in body:
        if name not in BODY_KEYS:
            raise invalid(f"Unexpected key {name!r}")
    person, comment = _recipient(sim, account, body.get("recipient"))
    if ("message" in body) == ("sender_action" in body):
        raise refused(2018014) if "message" in body else invalid("Param message must be given")
    _check_standing(sim, account, person)
    if "sender_action" in body:
        return _act(sim, account, person, body)
    message = body["message"]
    if not isinstance(message, dict):
        raise invalid("Param message must be an object")
    for name in message:
        if name not in KEYS:
            raise invalid(f"Unexpected key {name!r} in message")
    tag = _tag(body)
    if comment is None:
        _check_window(sim, account, person, tag, is_instagram)
    kind, content = await read_content(sim, account, message)
    reply_to = _reply_to(sim, account, body, message)
    if comment is not None:
        comment.answered = True
    return _accept(sim, account, person, kind, content, reply_to)


def _accept(
    sim: Simulator, account: Account, person: Person, kind: str, content: Json, reply_to: str
) -> Json:
    mid = sim.state.instagram.new_mid()
    made = Message(
        wamid=mid,
        phone_number_id=account.ig_id,
        wa_id=person.igsid,
        direction="outbound",
        type=kind,
        content=content,
        at=sim.state.now(),
        status="delivered",
        reply_to=reply_to,
    )
    show(sim, sim.state.add_message(made))
    if sim.state.settings.ig_echoes:
        part = {"message": {"mid": mid, "is_echo": True, **_echoed(kind, content)}}
        echo = item(sim, account, person.igsid, part, is_ours=True)
        tell(sim, account, person.igsid, echo, "echo", mid=mid)
    read_if_open(sim, account, person.igsid)
    return {"recipient_id": person.igsid, "message_id": mid}


def _echoed(kind: str, content: Json) -> Json:
    """How the echo webhook shows what was sent."""
    if kind == "text":
        return {"text": content["body"]}
    if kind == "like_heart":
        return {"attachments": [{"type": "like_heart"}]}
    if kind == "template":
        return {"attachments": [{"type": "template", "payload": {"generic": content}}]}
    sources = content.get("items", [content])
    payloads = [{"url": one["url"]} if "url" in one else {} for one in sources]
    shown = "image" if kind == "album" else kind
    return {"attachments": [{"type": shown, "payload": payload} for payload in payloads]}


def read_if_open(sim: Simulator, account: Account, igsid: str) -> None:
    """The person reads what is there while the conversation is open; told once, by watermark."""
    state = sim.state
    pair = (account.ig_id, igsid)
    if not (state.open_telephones.get(pair) or state.settings.auto_read):
        return
    last = ""
    for mid in state.threads.get(pair, ()):
        message = state.messages.get(mid)
        if message is not None and message.direction == "outbound" and message.status != "read":
            message.status, last = "read", mid
            show_change(sim, message)
    if last:
        tell(sim, account, igsid, item(sim, account, igsid, {"read": {"mid": last}}), "read")


def _recipient(sim: Simulator, account: Account, given: object) -> tuple[Person, Comment | None]:
    if not isinstance(given, dict) or len(given) != 1 or not set(given) <= {"id", "comment_id"}:
        raise invalid("Param recipient must be an object with id or comment_id")
    instagram = sim.state.instagram
    if "id" in given:
        person = instagram.people.get(str(given["id"]))
        if person is None:
            raise refusal_in_id(str(given["id"])) or refused(2534014)
        return person, None
    comment = instagram.comments.get(str(given["comment_id"]))
    is_good = comment is not None and comment.ig_id == account.ig_id and not comment.is_ours
    if comment is None or not is_good or comment.answered:
        raise refused(2534025)
    if sim.state.now() - comment.at > 7 * DAY:
        raise refused(2534025, "The comment is older than 7 days")
    return instagram.person(comment.igsid), comment


def _check_standing(sim: Simulator, account: Account, person: Person) -> None:
    asked = refusal_in_id(person.igsid)
    if asked is not None:
        raise asked
    if not account.allows_access:
        raise refused(2534041)
    if account.is_restricted:
        raise refused(1893063)
    if not account.is_owner:
        raise refused(2534037)
    if person.has_blocked:
        raise refused(1545041)
    limit = sim.state.settings.ig_sends_per_s
    recent = sim.state.sends.setdefault(account.ig_id, deque())
    while recent and sim.state.now() - recent[0] >= 1.0:
        recent.popleft()
    if limit and len(recent) >= limit:
        raise refused(2534040)
    recent.append(sim.state.now())


def _tag(body: Json) -> str:
    kind, tag = body.get("messaging_type", "RESPONSE"), body.get("tag")
    if kind not in TYPES:
        raise invalid(f"Param messaging_type must be one of {', '.join(TYPES)}")
    if (kind == "MESSAGE_TAG") != (tag is not None):
        raise invalid("Param tag and messaging_type MESSAGE_TAG belong together")
    if tag not in (None, "HUMAN_AGENT"):
        raise invalid(f"The message tag {tag} is deprecated or not available on Instagram")
    return str(tag or "")


def _check_window(
    sim: Simulator, account: Account, person: Person, tag: str, is_instagram: bool
) -> None:
    """24 hours since the person's last word, seven days with HUMAN_AGENT."""
    last = sim.state.last_inbound.get((account.ig_id, person.igsid))
    room = 7 * DAY if tag == "HUMAN_AGENT" else DAY
    if sim.state.settings.window == "off":
        return
    if last is None or sim.state.now() - last >= room:
        raise refused(2534022, http=403 if is_instagram else 400)


def _reply_to(sim: Simulator, account: Account, body: Json, message: Json) -> str:
    given = body.get("reply_to") or message.get("reply_to")
    if given is None:
        return ""
    mid = str(given.get("mid", "")) if isinstance(given, dict) else ""
    target = sim.state.messages.get(mid)
    if target is None or target.phone_number_id != account.ig_id:
        raise invalid("Param reply_to[mid] is not a message of this conversation")
    return mid


def _act(sim: Simulator, account: Account, person: Person, body: Json) -> Json:
    """Typing, seen, reactions: the answer holds only the recipient."""
    action = body["sender_action"]
    if action not in ACTIONS:
        raise invalid(f"Param sender_action must be one of {', '.join(ACTIONS)}")
    if action in ("react", "unreact"):
        _react(sim, account, body, action == "react")
    else:
        seconds = 20 if action == "typing_on" else 0
        place = {"phone_number_id": account.ig_id, "wa_id": person.igsid, "seconds": seconds}
        if action != "mark_seen":
            sim.hub.publish("typing", place)
        else:
            _see(sim, account, person)
    return {"recipient_id": person.igsid}


def _see(sim: Simulator, account: Account, person: Person) -> None:
    state = sim.state
    for mid in state.threads.get((account.ig_id, person.igsid), ()):
        message = state.messages.get(mid)
        if message is not None and mid not in state.read_by_business:
            state.read_by_business.add(mid)
            show_change(sim, message)


def _react(sim: Simulator, account: Account, body: Json, is_new: bool) -> None:
    payload = body.get("payload")
    if not isinstance(payload, dict) or not payload.get("message_id"):
        raise invalid("Param payload[message_id] must be given")
    target = sim.state.messages.get(str(payload["message_id"]))
    if target is None or target.phone_number_id != account.ig_id:
        raise invalid("Param payload[message_id] is not a message of this conversation")
    emoji = str(payload.get("reaction", ""))
    if is_new and not emoji:
        raise invalid("Param payload[reaction] must be given")
    target.reactions["business"] = {"love": "❤️"}.get(emoji, emoji) if is_new else ""
    show_change(sim, target)
