"""What the Cloud API would refuse, found before any call is made.

Every refusal is an `InvalidMessage` that names the field as the API's caller wrote it and, where
there is one, the limit.
"""

import re

from channels.providers.contract import (
    InvalidMessage,
    Look,
    OutboundMessage,
    Picture,
    UnsupportedMessage,
)
from channels.providers.events import Identity
from channels.providers.whatsapp import limits
from channels.providers.whatsapp.fields import check, is_web_link
from channels.providers.whatsapp.identity import BSUID, PARENT_BSUID, WA_ID, is_bsuid
from channels.providers.whatsapp.interactive import validate_interactive
from channels.providers.whatsapp.sharing import validate_contacts, validate_location
from channels.providers.whatsapp.template import validate_template, with_files

PHONE_KINDS = (WA_ID, "phone")
BSUID_KINDS = (BSUID, PARENT_BSUID)

_PHONE_DIGITS = re.compile(r"\d{5,15}", re.ASCII)  # E.164 has at most 15
_EMOJI_LENGTH = 32  # code points; the longest joined family emoji has 11
_FIRST_SYMBOL = 0xA9  # ©, the lowest character that is an emoji by itself


def validate(message: OutboundMessage) -> None:
    """Raise `InvalidMessage` for a broken limit, `UnsupportedMessage` for another type."""
    if message.type not in limits.SENDABLE:
        raise UnsupportedMessage(f"WhatsApp takes no message of type {message.type!r} from here.")
    address(message.recipient)
    if not message.callback_data or len(message.callback_data) > limits.CALLBACK_DATA:
        raise InvalidMessage(
            "callback_data",
            "The message's own id must go with it.",
            limit=limits.CALLBACK_DATA,
        )
    match message.type:
        case "text":
            check(limits.FIELDS["text"], {"text": message.text})
        case "location":
            validate_location(message.content)
        case "contacts":
            validate_contacts(message.content)
        case "interactive":
            validate_interactive(message.content, message.media, message.uploaded)
        case "template":
            validate_template(with_files(message), message.media)
            _validate_code(message)
        case "reaction":
            _validate_reaction(message)
        case kind:
            _validate_media(kind, message)


def validate_file(kind: str, mime_type: str, size: int, look: Look | None = None) -> None:
    """Raise `InvalidMessage` for a file that WhatsApp would not take as ``kind``; bytes.

    Without ``look`` nothing is known but its type and size.
    """
    limit = limits.FILES.get(kind)
    if limit is None:
        raise UnsupportedMessage(f"WhatsApp takes no file as {kind!r}.")
    bare = bare_type(mime_type)
    if bare not in limit.mime_types and kind != "document":
        allowed = ", ".join(limit.mime_types)
        raise InvalidMessage(kind, f"A file of type {bare or 'unknown'} is none of: {allowed}.")
    if size <= 0:
        raise InvalidMessage(kind, "The file is empty.")
    if size > limit.max_bytes:
        raise InvalidMessage(
            kind, f"The file is larger than {limit.max_bytes} bytes.", limit=limit.max_bytes
        )
    if limit.side is not None and look is not None:
        _validate_picture(kind, size, limit, look())


def _validate_picture(
    kind: str, size: int, limit: limits.FileLimit, picture: Picture | None
) -> None:
    if picture is None:
        raise InvalidMessage(kind, "The file is no image that can be read.")
    if (picture.width, picture.height) != (limit.side, limit.side):
        raise InvalidMessage(
            kind,
            f"The image has {picture.width} by {picture.height} pixels; "
            f"it must have {limit.side} each way.",
            limit=limit.side,
        )
    still = limit.max_bytes_still
    if still is not None and not picture.is_animated and size > still:
        raise InvalidMessage(
            kind, f"The image does not move and is larger than {still} bytes.", limit=still
        )


def bare_type(mime_type: str) -> str:
    """Return a media type without its parameters, in lower case."""
    return mime_type.split(";")[0].strip().lower()


def address(recipient: tuple[Identity, ...]) -> Identity:
    """Return the identity to write to: a phone, else a BSUID, else its parent form.

    The value is the form that the request carries, ``+`` and digits for a phone. Raises
    `InvalidMessage` when none can be written to.
    """
    for kinds in (PHONE_KINDS, (BSUID,), (PARENT_BSUID,)):
        for identity in recipient:
            value = identity.value.strip()
            if identity.kind in kinds and kinds is PHONE_KINDS:
                digits = re.sub(r"[\s().+-]", "", value)
                if _PHONE_DIGITS.fullmatch(digits):
                    return Identity(kind=identity.kind, value=f"+{digits}")
            elif identity.kind in kinds and is_bsuid(value):
                return Identity(kind=identity.kind, value=value)
    raise InvalidMessage("recipient", "The contact has no phone or WhatsApp id to write to.")


def caption_of(message: OutboundMessage) -> str:
    """Return the words that go with a file; text beside it counts as its caption."""
    return (message.media.caption if message.media else "") or message.text


def _validate_code(message: OutboundMessage) -> None:
    expected = message.content.get("expected")
    needs_phone = isinstance(expected, dict) and expected.get("needs_phone")
    if needs_phone and address(message.recipient).kind not in PHONE_KINDS:
        raise InvalidMessage("recipient", "A one-time code is only sent to a phone number.")


def _validate_media(kind: str, message: OutboundMessage) -> None:
    media = message.media
    if message.content.get("images"):
        raise InvalidMessage(
            "image.images", "WhatsApp takes one image in a message; send each by itself."
        )
    if media is None or bool(media.provider_id) == bool(media.link):
        raise InvalidMessage(kind, "Give the file either by its id or by a link.")
    if media.link and not is_web_link(media.link):
        raise InvalidMessage(f"{kind}.link", "The link must be a full http or https address.")
    beside = {"caption": caption_of(message), "filename": media.filename}
    check(limits.FIELDS[kind], beside, kind)
    _validate_voice(kind, message.content.get("voice") is True, media.mime_type)


def _validate_voice(kind: str, is_voice: bool, mime_type: str) -> None:
    """A voice note is Opus in Ogg; what is behind a link is not known before Meta fetches it."""
    if not is_voice:
        return
    if kind != "audio":
        raise InvalidMessage(f"{kind}.voice", "Only audio can be a voice note.")
    if mime_type and bare_type(mime_type) != limits.VOICE_MIME_TYPE:
        raise InvalidMessage("audio.voice", f"A voice note is a file of {limits.VOICE_MIME_TYPE}.")


def _validate_reaction(message: OutboundMessage) -> None:
    target, emoji = message.content.get("target_external_id"), message.content.get("emoji", "")
    if not isinstance(target, str) or not target:
        raise InvalidMessage("reaction.target_external_id", "Say which message to react to.")
    if not isinstance(emoji, str) or (emoji and not _is_emoji(emoji)):
        raise InvalidMessage("reaction.emoji", "The reaction is one emoji, or empty to remove it.")


def _is_emoji(text: str) -> bool:
    """Return whether ``text`` may be an emoji: a symbol, and no words around it."""
    return (
        len(text) <= _EMOJI_LENGTH
        and any(ord(char) >= _FIRST_SYMBOL for char in text)
        and not any(char.isspace() or (char.isalpha() and char != "\u2139") for char in text)
    )
