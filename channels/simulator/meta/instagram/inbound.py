"""What a person does on Instagram becomes a bubble and a webhook of Instagram's shape."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, NamedTuple

from channels.simulator.meta.instagram.attachments import cdn_url
from channels.simulator.meta.instagram.delivery import First, item, tell
from channels.simulator.meta.instagram.records import Account, Person
from channels.simulator.meta.instagram.samples import PARTS, SHARES
from channels.simulator.meta.records import Json, Media, Message
from channels.simulator.meta.settings import BadPatch
from channels.simulator.meta.simulator import Simulator
from channels.simulator.meta.whatsapp.samples import sample
from channels.simulator.meta.whatsapp.telephone import show, show_change

STORY_LIFE_S = 86_400
FILES = {"image": "image", "video": "video", "audio": "audio", "file": "document"}
# What opens the 24 hours: words, files, taps and story answers; not a reaction or a look.
OPENING = ("message", "postback", "referral", "optin")


class Play(NamedTuple):
    """One thing that a person does; `given` is what the caller says about it."""

    sim: Simulator
    account: Account
    person: Person
    mid: str
    given: Json


def inject(sim: Simulator, request: Json) -> tuple[str, First]:
    """Play one event of a person. Returns its mid and the webhook's first HTTP status.

    `part` overrides keys of the item, `omit` takes some away, `standby` says that another app
    owns the thread. Raises `BadPatch` on a request without sense.
    """
    account = account_of(sim, request)
    igsid = str(request.get("from", ""))
    if not igsid:
        raise BadPatch("'from' is needed: the id of the person")
    person = sim.state.instagram.person(igsid)
    kind = str(request.get("type", "text"))
    if kind not in MAKERS and kind not in PARTS and "part" not in request:
        raise BadPatch(f"type must be one of {', '.join(sorted([*MAKERS, *PARTS]))}")
    mid = str(request.get("id") or sim.state.instagram.new_mid())
    play = Play(sim, account, person, mid, request)
    part = MAKERS[kind](play) if kind in MAKERS else PARTS.get(kind, {})
    part = {**part, **request.get("part", {})}
    is_echo = kind == "echo"
    made = item(sim, account, igsid, part, is_ours=is_echo)
    for name in request.get("omit", ()):
        made.pop(name, None)
    _remember(play, kind, part)
    standby = bool(request.get("standby"))
    return mid, tell(sim, account, igsid, made, kind, is_standby=standby, mid=mid)


def account_of(sim: Simulator, request: Json) -> Account:
    """The account by `ig_id`, or the only one."""
    accounts = sim.state.instagram.accounts
    wanted = str(request.get("ig_id", ""))
    if not wanted and len(accounts) == 1:
        return next(iter(accounts.values()))
    if wanted not in accounts:
        raise BadPatch(f"ig_id {wanted!r} is unknown")
    return accounts[wanted]


def _text(play: Play) -> Json:
    words = play.given.get("text", "")
    message: Json = {"mid": play.mid, "text": str(words)}
    if play.given.get("reply_to"):
        quoted = play.sim.state.messages.get(str(play.given["reply_to"]))
        is_self = quoted is not None and quoted.direction == "inbound"
        message["reply_to"] = {"mid": str(play.given["reply_to"]), "is_self_reply": is_self}
    for name in ("referral", "quick_reply"):
        if name in play.given:
            message[name] = play.given[name]
    return {"message": message}


def _file(play: Play) -> Json:
    media = _media(play)
    url = cdn_url(play.sim, media)
    attachment = {"type": play.given["type"], "payload": {"url": url}}
    count = int(play.given.get("count", 1))
    return {"message": {"mid": play.mid, "attachments": [attachment] * count}}


def _media(play: Play) -> Media:
    """The person's own file by `media_id` or `base64`, else the sample of this kind."""
    state = play.sim.state
    known = str(play.given.get("media_id", ""))
    if known:
        if known not in state.media:
            raise BadPatch(f"media {known!r} is unknown")
        return state.media[known]
    kind = FILES.get(str(play.given.get("type")), "image")
    name, mime_type, content = sample(kind, str(play.given.get("mime_type", "")))
    if "base64" in play.given:
        content = base64.b64decode(play.given["base64"])
    return state.add_media(play.account.ig_id, mime_type, content, "inbound", name)


def _share(play: Play) -> Json:
    """Posts, reels and stories that were shared or that mention the account."""
    kind = str(play.given["type"])
    life = STORY_LIFE_S if "story" in kind else None
    payload = {**SHARES[kind], "url": cdn_url(play.sim, _media(play), life)}
    return {"message": {"mid": play.mid, "attachments": [{"type": kind, "payload": payload}]}}


def _story_reply(play: Play) -> Json:
    url = cdn_url(play.sim, _media(play), STORY_LIFE_S)
    words = str(play.given.get("text", "love it"))
    story = {"story": {"id": str(play.given.get("story_id", "18011")), "url": url}}
    return {"message": {"mid": play.mid, "text": words, "reply_to": story}}


def _heart(play: Play) -> Json:
    return {"message": {"mid": play.mid, "attachments": [{"type": "like_heart"}]}}


def _unsupported(play: Play) -> Json:
    return {"message": {"mid": play.mid, "is_unsupported": True}}


def _deleted(play: Play) -> Json:
    return {"message": {"mid": _target(play), "is_deleted": True}}


def _target(play: Play) -> str:
    if "mid" not in play.given:
        raise BadPatch("'mid' is needed: the message that is meant")
    return str(play.given["mid"])


def _reaction(play: Play) -> Json:
    emoji = play.given.get("emoji")
    if not emoji:
        return {"reaction": {"mid": _target(play), "action": "unreact"}}
    name = {"❤️": "love", "❤": "love"}.get(str(emoji), "other")
    return {"reaction": {"mid": _target(play), "action": "react", "reaction": name, "emoji": emoji}}


def _read(play: Play) -> Json:
    return {"read": {"mid": _target(play)}}


def _edit(play: Play) -> Json:
    """`num_edit: 0` without text is the quirk of new messages that come as edits."""
    count = play.given.get("num_edit", 1)
    part = {"mid": play.given.get("mid", play.mid), "num_edit": count}
    if play.given.get("text"):
        part["text"] = play.given["text"]
    return {"message_edit": part}


def _postback(play: Play) -> Json:
    part = {"mid": play.mid, "title": "Opening hours", "payload": "HOURS"}
    return {"postback": {**part, **play.given.get("postback", {})}}


def _echo(play: Play) -> Json:
    words = str(play.given.get("text", "Sure, 2 days"))
    return {"message": {"mid": play.mid, "text": words, "is_echo": True}}


MAKERS: dict[str, Callable[[Play], Json]] = {
    "text": _text,
    "quick_reply": _text,
    **dict.fromkeys(FILES, _file),
    **dict.fromkeys(SHARES, _share),
    "story_reply": _story_reply,
    "like_heart": _heart,
    "unsupported": _unsupported,
    "deleted": _deleted,
    "reaction": _reaction,
    "read": _read,
    "edit": _edit,
    "postback": _postback,
    "echo": _echo,
}


def _remember(play: Play, kind: str, part: Json) -> None:
    """Open the window, give consent, and change or add the bubble."""
    state = play.sim.state
    pair = (play.account.ig_id, play.person.igsid)
    first = next(iter(part), "")
    if first in OPENING and kind not in ("echo", "deleted"):
        state.last_inbound[pair] = state.now()
        play.person.has_written = True
    change = CHANGES.get(kind)
    if change is not None:
        change(play, part)
    elif first in ("message", "postback", "referral"):
        direction = "outbound" if kind == "echo" else "inbound"
        made = Message(play.mid, *pair, direction, kind, _shown(play, part), state.now(), "sent")
        made.reply_to = str(play.given.get("reply_to", ""))
        show(play.sim, state.add_message(made))


def _shown(play: Play, part: Json) -> Json:
    message: Json = part.get("message", {})
    content: Json = {"body": message.get("text") or part.get("postback", {}).get("title", "")}
    for attachment in message.get("attachments", ()):
        url = attachment.get("payload", {}).get("url", "")
        found = url.partition("asset_id=")[2].partition("&")[0]
        content |= {"id": found} if found else {}
    return content | {name: part[name] for name in ("referral",) if name in part}


def _apply_reaction(play: Play, part: Json) -> None:
    target = play.sim.state.messages.get(part["reaction"]["mid"])
    if target is not None:
        target.reactions["customer"] = str(part["reaction"].get("emoji", ""))
        show_change(play.sim, target)


def _apply_read(play: Play, part: Json) -> None:
    target = play.sim.state.messages.get(part["read"]["mid"])
    if target is not None:
        target.status = "read"
        show_change(play.sim, target)


def _apply_delete(play: Play, part: Json) -> None:
    target = play.sim.state.messages.get(part["message"]["mid"])
    if target is not None:
        target.type, target.content, target.view = "revoked", {}, {}
        show_change(play.sim, target)


def _apply_edit(play: Play, part: Json) -> None:
    change: Any = part["message_edit"]
    target = play.sim.state.messages.get(str(change["mid"]))
    if target is None:
        pair = (play.account.ig_id, play.person.igsid)
        words = {"body": str(change.get("text") or play.given.get("body", "new words"))}
        now = play.sim.state.now()
        made = Message(str(change["mid"]), *pair, "inbound", "text", words, now, "sent")
        play.sim.state.last_inbound[pair] = now
        show(play.sim, play.sim.state.add_message(made))
    elif change.get("text"):
        target.content = {"body": change["text"]}
        show_change(play.sim, target)


CHANGES: dict[str, Callable[[Play, Json], None]] = {
    "reaction": _apply_reaction,
    "read": _apply_read,
    "deleted": _apply_delete,
    "edit": _apply_edit,
}
