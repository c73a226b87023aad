"""An internal message into the body of ``POST /{account or Page}/messages``.

Besides `OutboundMessage`'s own fields, ``content`` may hold

- for any type but a reaction ``tag``: ``HUMAN_AGENT`` between 24 hours and 7 days after the
  customer last wrote, for what a person wrote (`window.tag_for` says when);
- for text ``comment_external_id``: the message answers that comment privately;
- for comment ``parent_id``: it is written under that comment, for all to see. Its body is
  ``{"comment_id", "message"}``, which goes to the comment and not to ``messages``;
- for image ``images``: up to ten of ``{"link"}`` or ``{"media_id"}`` in one message;
- for sticker ``{"name": "like_heart"}``;
- for share ``{"media_id"}``: a post of the account itself;
- for reaction ``{"target_external_id", "emoji"}``, empty to take it away;
- for interactive what `interactive.py` describes.

Nothing of ours comes back with what is sent: it is known again by the id in the answer, which
the echo carries too.
"""

from typing import Any

from channels.providers.contract import InvalidMessage, OutboundMedia, OutboundMessage
from channels.providers.instagram import limits
from channels.providers.instagram.interactive import compose_interactive
from channels.providers.instagram.validate import (
    address,
    comment_of,
    pictures_of,
    tag_of,
    validate,
)
from channels.providers.meta.access import as_text
from kernel.jsonsafe import TooDeep, storable

Json = dict[str, Any]


def compose(message: OutboundMessage) -> Json:
    """Return the request body. Raises what `validate` raises; a valid message never fails."""
    validate(message)
    match message.type:
        case "reaction":
            body = _reaction(message)
        case "comment":
            parent = as_text(message.content, "parent_id")
            if not parent:
                raise InvalidMessage("reply_to_id", "Say which comment this answers.")
            body = {"comment_id": parent, "message": message.text}
        case _:
            body = _message(message)
    try:
        safe: Json = storable(body)
    except (TooDeep, TypeError) as error:
        raise InvalidMessage(message.type, f"The content cannot be sent: {error}.") from error
    return safe


def action_body(igsid: str, action: str) -> Json:
    """Return the body of a sender action: ``mark_seen``, ``typing_on`` or ``typing_off``."""
    return {"recipient": {"id": igsid}, "sender_action": action}


def upload_body(kind: str, payload: Json | None = None) -> Json:
    """Return the body that stores a file for later; ``kind`` is ours (``document`` for a PDF)."""
    payload = {"is_reusable": True, **(payload or {})}
    return {
        "platform": "instagram",
        "message": {"attachment": {"type": limits.FILES[kind].sent_as, "payload": payload}},
    }


def _message(message: OutboundMessage) -> Json:
    if comment := comment_of(message):
        return {"recipient": {"comment_id": comment}, "message": {"text": message.text}}
    body: Json = {
        "recipient": {"id": address(message.recipient).value},
        "messaging_type": "RESPONSE",
        "message": _object(message),
    }
    if tag := tag_of(message):
        body |= {"messaging_type": "MESSAGE_TAG", "tag": tag}
    if message.reply_to_external_id:
        body["reply_to"] = {"mid": message.reply_to_external_id}
    return body


def _object(message: OutboundMessage) -> Json:
    match message.type:
        case "text":
            return {"text": message.text}
        case "sticker":
            return {"attachment": {"type": limits.HEART}}
        case "share":
            payload = {"id": str(message.content["media_id"])}
            return {"attachment": {"type": "MEDIA_SHARE", "payload": payload}}
        case "interactive":
            return compose_interactive(message)
    if pictures := pictures_of(message):
        return {"attachments": [_attachment("image", picture) for picture in pictures]}
    return {"attachment": _attachment(message.type, message.media)}


def _attachment(kind: str, media: OutboundMedia | None) -> Json:
    if media is None:
        raise InvalidMessage(kind, "Give the file either by its id or by a link.")
    payload = {"attachment_id": media.provider_id} if media.provider_id else {"url": media.link}
    return {"type": limits.FILES[kind].sent_as, "payload": payload}


def _reaction(message: OutboundMessage) -> Json:
    payload = {"message_id": message.content["target_external_id"]}
    emoji = message.content.get("emoji", "")
    if emoji:
        payload["reaction"] = emoji
    igsid = address(message.recipient).value
    return action_body(igsid, "react" if emoji else "unreact") | {"payload": payload}
