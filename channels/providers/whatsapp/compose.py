"""An internal message into the body of ``POST /{phone_number_id}/messages``."""

from typing import Any

from channels.providers.contract import InvalidMessage, OutboundMessage
from channels.providers.whatsapp.interactive import compose_interactive
from channels.providers.whatsapp.sharing import compose_contacts, compose_location
from channels.providers.whatsapp.template import compose_template, with_files
from channels.providers.whatsapp.validate import (
    PHONE_KINDS,
    address,
    caption_of,
    validate,
)
from kernel.jsonsafe import TooDeep, storable

Json = dict[str, Any]


def compose(message: OutboundMessage) -> Json:
    """Return the request body. Raises what `validate` raises; a valid message never fails.

    ``biz_opaque_callback_data`` always goes along: it comes back in every status, and it is the
    only way to find out what became of a request that was never answered.
    """
    validate(message)
    body = _envelope(message) | {"type": message.type, message.type: _object(message)}
    if message.reply_to_external_id and message.type != "reaction":
        body["context"] = {"message_id": message.reply_to_external_id}
    try:
        safe: Json = storable(body)
    except (TooDeep, TypeError) as error:
        raise InvalidMessage(message.type, f"The content cannot be sent: {error}.") from error
    return safe


def mark_read_body(external_id: str, *, typing: bool) -> Json:
    """Return the body that marks a message, and those before it, as read; typing shows 25 s."""
    body: Json = {"messaging_product": "whatsapp", "status": "read", "message_id": external_id}
    return body | ({"typing_indicator": {"type": "text"}} if typing else {})


def _envelope(message: OutboundMessage) -> Json:
    to = address(message.recipient)
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to" if to.kind in PHONE_KINDS else "recipient": to.value,
        "biz_opaque_callback_data": message.callback_data,
    }


def _object(message: OutboundMessage) -> Json | list[Json]:
    match message.type:
        case "text":
            return {"preview_url": message.preview_url, "body": message.text}
        case "location":
            return compose_location(message.content)
        case "contacts":
            return compose_contacts(message.content)
        case "interactive":
            return compose_interactive(message.content, message.media, message.uploaded)
        case "template":
            return compose_template(with_files(message), message.media)
        case "reaction":
            target, emoji = message.content["target_external_id"], message.content.get("emoji", "")
            return {"message_id": target, "emoji": emoji}
    return _file(message)


def _file(message: OutboundMessage) -> Json:
    media = message.media
    if media is None:
        raise InvalidMessage(message.type, "Give the file either by its id or by a link.")
    file: Json = {"id": media.provider_id} if media.provider_id else {"link": media.link}
    if caption := caption_of(message):
        file["caption"] = caption
    if message.type == "document" and media.filename:
        file["filename"] = media.filename
    if message.type == "audio" and message.content.get("voice") is True:
        file["voice"] = True
    return file
