"""From what the API was given to an internal message: checked against the channel before anything is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from channels.models import Channel
from channels.providers import provider_for
from channels.providers.contract import (
    InvalidMessage,
    OutboundMedia,
    OutboundMessage,
    UnsupportedMessage,
)
from channels.providers.events import Identity
from channels.selectors import template_named
from crm.selectors import identities_of
from messaging.errors import (
    InvalidMessageBody,
    MediaNotFound,
    MediaNotReady,
    MessageNotFound,
    TemplateUnknown,
    UnsupportedByChannel,
)
from messaging.media.pictures import look_at
from messaging.models import Attachment, Delivery, Message
from messaging.selectors import visible_attachment, visible_message
from messaging.services.drafts import (
    HEADED_TYPES,
    MEDIA_TYPES,
    Draft,
    File,
    draft_again,
    file_of,
    files_of,
    text_of,
    words,
)

Uploads = tuple[tuple[File, Attachment], ...]


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A draft that the channel takes.

    ``content`` and ``text`` are what is stored; ``uploads`` are the files that go with it, each
    once, in the order in which the content names them.
    """

    draft: Draft
    content: dict[str, Any]
    text: str
    uploads: Uploads
    reply_to_external_id: str


def prepare(channel: Channel, contact_id: str, draft: Draft) -> Prepared:
    """Check a draft; raises the refusal that names the field and the limit."""
    _check_is_known(channel, draft)
    uploads = _uploads(draft)
    main = file_of(draft)
    upload = next((upload for file, upload in uploads if file == main), None)
    content = _content(channel, contact_id, draft, upload)
    message = OutboundMessage(
        callback_data="0" * 24,
        type=draft.type,
        recipient=recipients(contact_id),
        text=draft.text,
        preview_url=draft.preview_url,
        media=_media(draft, upload, provider_id="pending" if upload else ""),
        content=content,
        uploaded={upload.pk: "pending" for _, upload in uploads},
    )
    _check(channel, message, uploads)
    quoted = (
        _external_id(channel, contact_id, draft.reply_to_id, "reply_to_id")
        if draft.reply_to_id
        else ""
    )
    return Prepared(draft=draft, content=content, text=text_of(draft, content),
                    uploads=_once(uploads), reply_to_external_id=quoted)  # fmt: skip


def _once(uploads: Uploads) -> Uploads:
    found: dict[str, tuple[File, Attachment]] = {}
    for file, upload in uploads:
        found.setdefault(upload.pk, (file, upload))
    return tuple(found.values())


def _check_is_known(channel: Channel, draft: Draft) -> None:
    """Refuse a type that the channel has not, before anything is looked up for it."""
    if draft.type not in provider_for(channel.kind).capabilities["types"]:
        raise UnsupportedByChannel(f"{channel.kind} takes no message of type {draft.type!r}.")


def _check(channel: Channel, message: OutboundMessage, uploads: Uploads) -> None:
    provider = provider_for(channel.kind)
    try:
        provider.validate(message)
        for file, upload in uploads:
            look = partial(look_at, upload)
            provider.validate_file(file.kind, upload.mime_type, upload.size or 0, look)
    except InvalidMessage as error:
        problem = {"field": error.field, "code": "invalid", "detail": error.message}
        extra = {"limit": error.limit} if error.limit is not None else {}
        raise InvalidMessageBody(error.message, errors=[problem], **extra) from error
    except UnsupportedMessage as error:
        raise UnsupportedByChannel(str(error)) from error


def recipients(contact_id: str) -> tuple[Identity, ...]:
    """How the contact can be addressed, strongest first."""
    return recipients_of([contact_id])[contact_id]


def recipients_of(contact_ids: Sequence[str]) -> dict[str, tuple[Identity, ...]]:
    """``recipients`` of several contacts in one read."""
    found = identities_of(contact_ids)
    return {
        id_: tuple(Identity(kind=r.kind, value=r.value, scope=r.scope) for r in found.get(id_, ()))
        for id_ in contact_ids
    }


def _uploads(draft: Draft) -> Uploads:
    found = [(file, _upload(file)) for file in files_of(draft)]
    return tuple((file, upload) for file, upload in found if upload is not None)


def _upload(file: File) -> Attachment | None:
    media_id = file.given.get("media_id")
    if not media_id:
        return None
    upload = visible_attachment(media_id) if _is_id(media_id) else None
    if upload is None:
        raise MediaNotFound(errors=[{"field": f"{file.field}.media_id", "code": "unknown"}])
    if upload.media_state != Attachment.STORED:
        raise MediaNotReady
    return upload


def _is_id(value: Any) -> bool:
    return (
        isinstance(value, str) and len(value) == 24 and all(c in "0123456789abcdef" for c in value)
    )


def _content(
    channel: Channel, contact_id: str, draft: Draft, upload: Attachment | None
) -> dict[str, Any]:
    if draft.type == "template":
        return _named(_template(channel, draft.body), draft, upload)
    if draft.type == "interactive":
        return _named(draft.body, draft, upload)
    if draft.type == "reaction":
        target = str(draft.body.get("message_id", ""))
        return {"message_id": target, "emoji": draft.body.get("emoji", ""),
                "target_external_id": _external_id(channel, contact_id, target, "reaction.message_id")}  # fmt: skip
    if upload is not None and upload.filename and draft.type in MEDIA_TYPES:
        return {"filename": upload.filename, **draft.body}
    return dict(draft.body)


def _named(content: dict[str, Any], draft: Draft, upload: Attachment | None) -> dict[str, Any]:
    """The content with the uploaded document's name in its header, unless another was chosen."""
    file = file_of(draft)
    if upload is None or file is None or file.kind != "document" or not upload.filename:
        return dict(content)
    named = {"filename": upload.filename, **file.given}
    return {**content, "header": {**content["header"], file.kind: named}}


def _template(channel: Channel, body: dict[str, Any]) -> dict[str, Any]:
    """The content with what the approved template takes, so that a missing parameter is found here."""
    known = template_named(channel, str(body.get("name", "")), str(body.get("language", "")))
    if known is None:
        raise TemplateUnknown(f"{body.get('name')!r} in {body.get('language')!r} is not among the "
                              "channel's templates", errors=[{"field": "template.name", "code": "unknown"}])  # fmt: skip
    provider = provider_for(channel.kind)
    expected = provider.template_parameters(known.components, known.parameter_format)
    text = provider.template_text(known.components, body.get("body"))
    return {**body, "expected": expected, "rendered": text}


def _media(draft: Draft, upload: Attachment | None, provider_id: str) -> OutboundMedia | None:
    """The message's file; that of a header only once it is uploaded, for its link is in the content."""
    file = file_of(draft)
    if file is None or (draft.type in HEADED_TYPES and not provider_id):
        return None
    return OutboundMedia(
        provider_id=provider_id,
        link=words(file.given, "link") if not provider_id else "",
        caption=words(file.given, "caption"),
        filename=words(file.given, "filename") or (upload.filename if upload else ""),
        mime_type=upload.mime_type if upload else "",
    )


def _external_id(channel: Channel, contact_id: str, message_id: str, field: str) -> str:
    """The provider's id of a message that the caller sees and this contact can see on this channel.

    Raises ``MessageNotFound`` for any other, so that nobody quotes one customer to
    another, and for one that has not left yet.
    """
    message = visible_message(message_id) if _is_id(message_id) else None
    if (
        message is None
        or message.channel_id != channel.pk
        or message.conversation.contact_id != contact_id
    ):
        raise MessageNotFound(errors=[{"field": field, "code": "unknown"}])
    if message.direction == Message.INBOUND:
        return message.external_id
    delivery = Delivery.objects.filter(message=message).first()
    if delivery is None or not delivery.external_id:
        raise MessageNotFound("that message has not reached the channel yet")
    return delivery.external_id


def outbound(
    message: Message, recipient: tuple[Identity, ...], *, uploaded: Mapping[str, str]
) -> OutboundMessage:
    """A stored message in the form that its provider composes; ``uploaded``: media id → the provider's id."""
    draft = draft_again(message)
    main = file_of(draft)
    own = uploaded.get(str(main.given.get("media_id"))) if main else ""
    media = _media(draft, None, own or "")
    return OutboundMessage(
        callback_data=message.pk,
        type=message.type,
        recipient=recipient,
        text=message.text,
        preview_url=bool(message.content.get("preview_url")),
        reply_to_external_id=message.reply_to_external_id,
        media=media,
        content=message.content,
        uploaded=uploaded,
    )
