"""What the API's own nodes say, as internal events: messages, comments and mentions by their id.

A message node is brought into the form of a webhook, so that both become events the same way.
"""

from typing import Any

from channels.providers.contract import Outcome
from channels.providers.events import Commented, Event, Ignored
from channels.providers.instagram.comments import described_comment
from channels.providers.instagram.login import Account
from channels.providers.instagram.parse import parse
from channels.providers.instagram.unparsable import Unparsable
from channels.providers.meta.access import as_flag, as_object, as_objects, as_text
from channels.providers.meta.graph import Graph

Json = dict[str, Any]

MESSAGE_FIELDS = "id,created_time,from,to,message,attachments,shares,story,reply_to,is_unsupported"
COMMENT_FIELDS = "id,text,timestamp,username,from,parent_id,media{id,media_product_type,permalink}"
_MENTION_FIELDS = "id,text,timestamp,username,media{id,permalink}"
_POST_FIELDS = "id,caption,timestamp,username,permalink"
_BY_MIME = {"image": "image", "video": "video", "audio": "audio"}


def read_message(graph: Graph, account: Account, mid: str) -> list[Event] | Outcome:
    """Return the message as it is now: what an ``edit`` without words, or with number 0, means.

    Only the 20 latest messages of a conversation can be read; an older one is `Rejected`.
    """
    node = graph.read(mid, fields=MESSAGE_FIELDS)
    return message_events(account, node) if isinstance(node, dict) else node


def message_events(account: Account, node: Json) -> list[Event]:
    """Return the events of a message node; one that says nothing is `Ignored`."""
    try:
        return parse({"account_id": account.ig_id, "event": _as_webhook(account, node)})
    except Unparsable as error:
        return [Ignored(reason=f"unreadable_message:{error.reason}"[:100])]


def _as_webhook(account: Account, node: Json) -> Json:
    sender = as_object(node, "from")
    others = as_objects(as_object(node, "to"), "data")
    is_ours = account.is_own(as_text(sender, "id"), as_text(sender, "username"))
    customer = next(iter(others), {}) if is_ours else sender
    ends = {"id": account.ig_id}, {"id": as_text(customer, "id")}
    message: Json = {
        "mid": as_text(node, "id"),
        "text": as_text(node, "message"),
        "is_echo": is_ours,
        "is_unsupported": as_flag(node, "is_unsupported"),
        "attachments": _attachments(node),
    }
    if reply := _reply(node):
        message["reply_to"] = reply
    return {
        "sender": ends[0] if is_ours else ends[1],
        "recipient": ends[1] if is_ours else ends[0],
        "timestamp": as_text(node, "created_time"),
        "message": message,
    }


def _attachments(node: Json) -> list[Json]:
    found = [_file(one) for one in as_objects(as_object(node, "attachments"), "data")]
    for one in as_objects(as_object(node, "shares"), "data"):
        link = as_text(one, "link")
        found.append({"type": "share", "payload": {"url": link, "title": as_text(one, "name")}})
    if mention := as_object(as_object(node, "story"), "mention"):
        found.append({"type": "story_mention", "payload": _story(mention)})
    return found


def _file(one: Json) -> Json:
    for name, kind in (("image_data", "image"), ("video_data", "video")):
        if url := as_text(as_object(one, name), "url"):
            return {"type": kind, "payload": {"url": url}}
    kind = _BY_MIME.get(as_text(one, "mime_type").partition("/")[0], "file")
    payload = {"url": as_text(one, "file_url"), "name": as_text(one, "name")}
    return {"type": kind, "payload": payload}


def _reply(node: Json) -> Json:
    if story := as_object(as_object(node, "story"), "reply_to"):
        return {"story": _story(story)}
    replied = as_object(node, "reply_to")
    mid = as_text(replied, "mid") or as_text(replied, "id")
    return {"mid": mid} if mid else {}


def _story(given: Json) -> Json:
    return {"id": as_text(given, "id"), "url": as_text(given, "link") or as_text(given, "url")}


def read_comment(graph: Graph, account: Account, comment_id: str) -> Commented | Outcome:
    """Return a comment; its author has no identity where the API does not say who it is."""
    node = graph.read(comment_id, fields=COMMENT_FIELDS)
    return described_comment(account.ig_id, node) if isinstance(node, dict) else node


def read_mention(
    graph: Graph, account: Account, *, media_id: str, comment_id: str = ""
) -> Commented | Outcome:
    """Return the comment, or else the caption, in which somebody mentioned the account."""
    if comment_id:
        name, asked = "mentioned_comment", f"comment_id({_id(comment_id)}){{{_MENTION_FIELDS}}}"
    else:
        name, asked = "mentioned_media", f"media_id({_id(media_id)}){{{_POST_FIELDS}}}"
    answer = graph.read(account.ig_id or "me", fields=f"{name}.{asked}")
    if not isinstance(answer, dict):
        return answer
    node = {"id": comment_id or media_id} | as_object(answer, name)
    if not comment_id:
        media = {"id": media_id, "permalink": as_text(node, "permalink")}
        node = node | {"text": as_text(node, "caption"), "media": media}
    elif media_id and not as_object(node, "media"):
        node = node | {"media": {"id": media_id}}
    return described_comment(account.ig_id, node, is_mention=True)


def _id(text: str) -> str:
    """An id as it may stand inside a field expression: nothing that could end it."""
    return "".join(char for char in text if char.isalnum() or char in "_-")
