"""What can be read of Instagram: people, conversations, messages, comments; and comment replies."""

from __future__ import annotations

import base64
import time

from channels.simulator.meta.errors import GraphError, missing_object
from channels.simulator.meta.graph.call import Answer, Call
from channels.simulator.meta.graph.ig_accounts import acting_account
from channels.simulator.meta.graph.nodes import pick
from channels.simulator.meta.graph.paging import page_of
from channels.simulator.meta.instagram.attachments import LIMITS, cdn_url
from channels.simulator.meta.instagram.comments import add_comment, comment_value
from channels.simulator.meta.instagram.delivery import tell_change
from channels.simulator.meta.instagram.errors import invalid, refused
from channels.simulator.meta.instagram.records import Account, Comment
from channels.simulator.meta.records import Json, Message

DETAILED = 20


def conversation_id(ig_id: str, igsid: str) -> str:
    """The id of the thread of an account and a person."""
    return "aWdfZAG" + base64.urlsafe_b64encode(f"{ig_id}:{igsid}".encode()).decode().rstrip("=")


def pair_of(key: str) -> tuple[str, str] | None:
    """The account and the person of a conversation's id."""
    if not key.startswith("aWdfZAG"):
        return None
    raw = key.removeprefix("aWdfZAG")
    try:
        plain = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)).decode()
    except ValueError:
        return None
    ig_id, _, igsid = plain.partition(":")
    return (ig_id, igsid) if igsid else None


def _when(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime(at))


async def get_person(call: Call) -> Answer:
    """`GET /{IGSID}?fields=`: only of people who wrote (230); who blocked us has no profile."""
    acting_account(call, "messages", "me")
    person = call.state.instagram.people[call.node]
    if person.has_blocked:
        raise refused(2018218)
    if not person.has_written:
        words = "User consent is required to access user profile"
        raise GraphError(230, message=f"(#230) {words}")
    node = {
        "id": person.igsid,
        "name": person.name,
        "username": person.username,
        "profile_pic": f"https://scontent.example/{person.igsid}.jpg?oe={int(call.state.now())}",
        "follower_count": person.follower_count,
        "is_user_follow_business": person.is_user_follow_business,
        "is_business_follow_user": False,
        "is_verified_user": person.is_verified_user,
    }
    return Answer(pick(node, call.fields("id,name"), "IGBusinessScopedID"))


async def list_conversations(call: Call) -> Answer:
    """`GET …/conversations?platform=instagram[&user_id=]`, newest first."""
    account = acting_account(call, "messages")
    if not call.is_instagram and call.parameter("platform") != "instagram":
        return Answer({"data": []})
    if not account.allows_access:
        raise refused(2534041)
    wanted = call.parameter("user_id")
    found = []
    for ig_id, igsid in call.state.threads:
        if ig_id == account.ig_id and wanted in ("", igsid):
            found.append(_conversation(call, account, igsid))
    found.sort(key=lambda node: str(node["updated_time"]), reverse=True)
    names = call.fields("id,updated_time")
    return Answer(page_of(call, [pick(node, names, "Conversation") for node in found]))


async def get_conversation(call: Call) -> Answer:
    """`GET /{conversation}?fields=messages`."""
    pair = pair_of(call.node)
    account = acting_account(call, "messages", "me")
    if pair is None or pair[0] != account.ig_id or pair not in call.state.threads:
        raise missing_object("GET", call.node)
    node = _conversation(call, account, pair[1])
    return Answer(pick(node, call.fields("id,updated_time"), "Conversation"))


def _conversation(call: Call, account: Account, igsid: str) -> Json:
    messages = _messages(call, account, igsid)
    is_detailed = "messages{" in call.parameter("fields").replace(" ", "")
    shown = [
        message_node(call, account, one)
        if is_detailed and place < DETAILED
        else {"id": one.wamid, "created_time": _when(one.at)}
        for place, one in enumerate(messages)
    ]
    ends = [
        {"id": account.ig_id, "username": account.username},
        {"id": igsid, "username": call.state.instagram.person(igsid).username},
    ]
    return {
        "id": conversation_id(account.ig_id, igsid),
        "updated_time": _when(messages[0].at if messages else call.state.now()),
        "participants": {"data": ends},
        "messages": {"data": shown},
        "is_owner": account.is_owner,
    }


def _messages(call: Call, account: Account, igsid: str) -> list[Message]:
    mids = call.state.threads.get((account.ig_id, igsid), ())
    found = [call.state.messages.get(mid) for mid in reversed(mids)]
    return [one for one in found if one is not None]


async def get_message(call: Call) -> Answer:
    """`GET /{mid}?fields=`: only the latest 20 of a conversation can be read."""
    account = acting_account(call, "messages", "me")
    message = call.state.messages[call.node]
    if message.phone_number_id != account.ig_id:
        raise missing_object("GET", call.node)
    latest = _messages(call, account, message.wa_id)[:DETAILED]
    if message not in latest or message.type == "revoked":
        words = "The message has been deleted or is too old"
        raise GraphError(9000001, message=f"(#9000001) {words}")
    node = message_node(call, account, message)
    wanted = [name for name in call.fields("id,created_time") if name in node or name in KNOWN]
    return Answer(pick(node, [name for name in wanted if name in node], "Message"))


KNOWN = ("attachments", "shares", "story", "reply_to", "tags", "reactions", "sticker")


def message_node(call: Call, account: Account, message: Message) -> Json:
    """A message as the Conversations API shows it."""
    person = call.state.instagram.person(message.wa_id)
    us = {"username": account.username, "id": account.ig_id}
    them = {"username": person.username, "id": person.igsid}
    author, reader = (them, us) if message.direction == "inbound" else (us, them)
    content: Json = message.content if isinstance(message.content, dict) else {}
    node: Json = {
        "id": message.wamid,
        "created_time": _when(message.at),
        "from": author,
        "to": {"data": [reader]},
        "message": str(content.get("body", "")),
        "is_unsupported": message.type == "unsupported",
    }
    media = call.state.media.get(str(content.get("id", "")))
    if media is not None and message.type in LIMITS:
        name = {"image": "image_data", "video": "video_data"}.get(message.type, "file_url")
        url = cdn_url(call.sim, media)
        held: object = url if name == "file_url" else {"url": url}
        about = {"id": media.media_id, "mime_type": media.mime_type, "name": media.filename}
        node["attachments"] = {"data": [{**about, "size": len(media.content), name: held}]}
    if message.reply_to:
        node["reply_to"] = {"mid": message.reply_to}
    return node


def _comment(call: Call) -> tuple[Account, Comment]:
    account = acting_account(call, "comments", "me")
    comment = call.state.instagram.comments[call.node]
    if comment.ig_id != account.ig_id:
        raise missing_object(call.request.method, call.node)
    return account, comment


def comment_node(call: Call, comment: Comment) -> Json:
    """All fields of a comment."""
    value = comment_value(call.sim, comment)
    return {
        "id": comment.comment_id,
        "text": comment.text,
        "timestamp": _when(comment.at),
        "username": value["from"]["username"],
        "from": value["from"],
        "hidden": comment.is_hidden,
        "parent_id": comment.parent_id,
        "media": {"id": comment.media_id},
        "like_count": 0,
    }


async def get_comment(call: Call) -> Answer:
    """`GET /{comment_id}?fields=`."""
    _, comment = _comment(call)
    return Answer(pick(comment_node(call, comment), call.fields("timestamp,text"), "IGComment"))


async def hide_comment(call: Call) -> Answer:
    """`POST /{comment_id}?hide=true`."""
    _, comment = _comment(call)
    hide = call.parameter("hide").lower()
    if hide not in ("true", "false"):
        raise invalid("The parameter hide is required.")
    comment.is_hidden = hide == "true"
    return Answer({"success": True})


async def delete_comment(call: Call) -> Answer:
    """`DELETE /{comment_id}`."""
    _, comment = _comment(call)
    del call.state.instagram.comments[comment.comment_id]
    return Answer({"success": True})


async def reply_to_comment(call: Call) -> Answer:
    """`POST /{comment_id}/replies?message=`, for top-level comments; told by webhook as ours."""
    account, comment = _comment(call)
    text = call.parameter("message")
    if not text:
        raise invalid("The parameter message is required.")
    if comment.parent_id:
        raise invalid("Replies are possible only to top-level comments")
    more = {"parent_id": comment.comment_id}
    made = add_comment(call.sim, account, account.ig_id, text, comment.media_id, more)
    tell_change(call.sim, account, "comments", comment_value(call.sim, made))
    return Answer({"id": made.comment_id})


async def list_replies(call: Call) -> Answer:
    """`GET /{comment_id}/replies`."""
    _, comment = _comment(call)
    found = call.state.instagram.comments.values()
    nodes = [
        pick(comment_node(call, one), call.fields("timestamp,text"), "IGComment")
        for one in found
        if one.parent_id == comment.comment_id
    ]
    return Answer(page_of(call, nodes))
