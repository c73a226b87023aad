"""What Instagram would refuse, found before any call is made.

Every refusal is an `InvalidMessage` that names the field as the API's caller wrote it and, where
there is one, the limit.
"""

from typing import Any

from channels.providers.contract import (
    InvalidMessage,
    OutboundMedia,
    OutboundMessage,
    UnsupportedMessage,
)
from channels.providers.events import Identity
from channels.providers.instagram import limits
from channels.providers.instagram.identity import IGSID
from channels.providers.instagram.interactive import check_text, compose_interactive, is_link
from channels.providers.meta.access import as_text

_EMOJI_LENGTH = 32  # code points; the longest joined family emoji has 11
_FIRST_SYMBOL = 0xA9  # ©, the lowest character that is an emoji by itself


def validate(message: OutboundMessage) -> None:
    """Raise `InvalidMessage` for a broken limit, `UnsupportedMessage` for another type."""
    if message.type not in limits.SENDABLE:
        raise UnsupportedMessage(f"Instagram takes no message of type {message.type!r} from here.")
    if message.type == "comment":
        _validate_public_reply(message)
        return
    if comment_of(message):
        _validate_private_reply(message)
    else:
        address(message.recipient)
    tag_of(message)
    match message.type:
        case "text":
            check_text(message.text)
        case "reaction":
            _validate_reaction(message)
        case "sticker":
            _validate_sticker(message)
        case "share":
            _validate_share(message)
        case "interactive":
            compose_interactive(message)
        case kind:
            _validate_files(kind, message)


def validate_file(kind: str, mime_type: str, size: int) -> None:
    """Raise `InvalidMessage` for a file that Instagram would not take as ``kind``; bytes."""
    limit = limits.FILES.get(kind)
    if limit is None:
        raise UnsupportedMessage(f"Instagram takes no file as {kind!r}.")
    bare = mime_type.split(";")[0].strip().lower()
    if bare not in limit.mime_types:
        allowed = ", ".join(limit.mime_types)
        raise InvalidMessage(kind, f"A file of type {bare or 'unknown'} is none of: {allowed}.")
    if size <= 0:
        raise InvalidMessage(kind, "The file is empty.")
    if size > limit.max_bytes:
        raise InvalidMessage(
            kind, f"The file is larger than {limit.max_bytes} bytes.", limit=limit.max_bytes
        )


def address(recipient: tuple[Identity, ...]) -> Identity:
    """Return the identity to write to. Raises `InvalidMessage` when there is none."""
    for identity in recipient:
        value = identity.value.strip()
        if identity.kind == IGSID and value.isascii() and value.isdigit():
            return Identity(kind=IGSID, value=value, scope=identity.scope)
    raise InvalidMessage("recipient", "The contact has no Instagram id to write to.")


def comment_of(message: OutboundMessage) -> str:
    """Return the comment that this message answers privately; empty for an ordinary message."""
    return as_text(message.content, "comment_external_id")


def tag_of(message: OutboundMessage) -> str:
    """Return the tag under which the message goes after the first 24 hours, or nothing."""
    tag = as_text(message.content, "tag")
    if tag and tag != limits.HUMAN_AGENT:
        raise InvalidMessage("tag", f"The only tag that Instagram takes is {limits.HUMAN_AGENT}.")
    return tag


def pictures_of(message: OutboundMessage) -> list[OutboundMedia]:
    """Return the images of an album: ``content["images"]``, each ``{"link"}`` or ``{"media_id"}``."""
    given = message.content.get("images")
    if given is None:
        return []
    if message.type != "image" or not isinstance(given, list) or not given:
        raise InvalidMessage("image.images", "Only images come as a list of images.")
    if len(given) > limits.IMAGES:
        raise InvalidMessage(
            "image.images", f"At most {limits.IMAGES} images.", limit=limits.IMAGES
        )
    return [
        OutboundMedia(
            link=as_text(one, "link"),
            provider_id=message.uploaded.get(as_text(one, "media_id"), ""),
        )
        for one in given
    ]


def _validate_private_reply(message: OutboundMessage) -> None:
    if message.type != "text":
        raise InvalidMessage("comment_external_id", "A comment is answered privately with text.")
    if message.content.get("tag"):
        raise InvalidMessage("tag", "A private answer to a comment takes no tag.")


def _validate_public_reply(message: OutboundMessage) -> None:
    if not message.text.strip():
        raise InvalidMessage("text", "The text is empty.")


def _validate_files(kind: str, message: OutboundMessage) -> None:
    pictures = pictures_of(message)
    for index, picture in enumerate(pictures):
        _validate_file_reference(f"image.images[{index}]", picture)
    if not pictures:
        _validate_file_reference(kind, message.media)
    if message.text or (message.media and message.media.caption):
        raise InvalidMessage(
            f"{kind}.caption",
            f"Instagram takes no words with {kind}; send them as a message of their own.",
            limit=0,
        )


def _validate_file_reference(field: str, media: OutboundMedia | None) -> None:
    if media is None or bool(media.provider_id) == bool(media.link):
        raise InvalidMessage(field, "Give the file either by its id or by a link.")
    if media.link and not is_link(media.link):
        raise InvalidMessage(f"{field}.link", "The link must be a full http or https address.")


def _validate_sticker(message: OutboundMessage) -> None:
    media = message.media
    if (media and (media.provider_id or media.link)) or message.content.get("name") != limits.HEART:
        raise InvalidMessage("sticker.name", f"The only sticker to send is {limits.HEART}.")


def _validate_share(message: OutboundMessage) -> None:
    if not as_text(message.content, "media_id"):
        raise InvalidMessage("share.media_id", "Say which of the account's own posts to share.")


def _validate_reaction(message: OutboundMessage) -> None:
    target, emoji = message.content.get("target_external_id"), message.content.get("emoji", "")
    if not isinstance(target, str) or not target:
        raise InvalidMessage("reaction.target_external_id", "Say which message to react to.")
    if not isinstance(emoji, str) or (emoji and not _is_emoji(emoji)):
        raise InvalidMessage("reaction.emoji", "The reaction is one emoji, or empty to remove it.")


def _is_emoji(text: Any) -> bool:
    """Return whether ``text`` may be an emoji: a symbol, and no words around it."""
    return (
        len(text) <= _EMOJI_LENGTH
        and any(ord(char) >= _FIRST_SYMBOL for char in text)
        and not any(char.isspace() or (char.isalpha() and char != "\u2139") for char in text)
    )
