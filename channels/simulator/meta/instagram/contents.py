"""What one message of an account holds: text, one attachment, or several images."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from channels.simulator.meta.instagram.attachments import source_of
from channels.simulator.meta.instagram.errors import invalid, refused
from channels.simulator.meta.instagram.records import Account
from channels.simulator.meta.instagram.rules import (
    check_quick_replies,
    check_template,
    check_text,
    list_of,
)
from channels.simulator.meta.records import Json
from channels.simulator.meta.simulator import Simulator


async def read_content(sim: Simulator, account: Account, message: Json) -> tuple[str, Json]:
    """`(kind, content)` of a message after all checks, as the telephone shows it."""
    given = [name for name in ("text", "attachment", "attachments") if name in message]
    if len(given) != 1:
        raise refused(2534015, "Exactly one of text and attachment is needed")
    if given == ["text"]:
        content: Json = {"body": check_text(message["text"])}
        if "quick_replies" in message:
            content["quick_replies"] = check_quick_replies(message)
        return "text", content
    if "quick_replies" in message:
        raise refused(2534015, "Quick replies need a text")
    if given == ["attachments"]:
        return await _album(sim, account, message)
    attachment = message["attachment"]
    if not isinstance(attachment, dict):
        raise invalid("Param message[attachment] must be an object")
    kind = str(attachment.get("type", ""))
    special = SPECIAL.get(kind)
    if special is not None:
        return await special(sim, account, attachment)
    return kind, await source_of(sim, account.ig_id, attachment)


async def _album(sim: Simulator, account: Account, message: Json) -> tuple[str, Json]:
    found = list_of(message["attachments"], "message[attachments]", 10)
    if not account.has_albums:
        raise refused(2534068)
    if any(one.get("type") != "image" for one in found):
        raise refused(2534015, "Only images can be sent together")
    return "album", {"items": [await source_of(sim, account.ig_id, one) for one in found]}


async def _heart(sim: Simulator, account: Account, attachment: Json) -> tuple[str, Json]:
    return "like_heart", {}


async def _template(sim: Simulator, account: Account, attachment: Json) -> tuple[str, Json]:
    return "template", check_template(attachment.get("payload"), bool(account.page_id))


async def _share(sim: Simulator, account: Account, attachment: Json) -> tuple[str, Json]:
    payload = attachment.get("payload")
    post = str(payload.get("id", "")) if isinstance(payload, dict) else ""
    if sim.state.instagram.posts.get(post) != account.ig_id:
        raise refused(2534015, "The post does not exist or is not the account's own")
    return "share", {"id": post}


SPECIAL: dict[str, Callable[[Simulator, Account, Json], Awaitable[tuple[str, Json]]]] = {
    "like_heart": _heart,
    "template": _template,
    "MEDIA_SHARE": _share,
}
