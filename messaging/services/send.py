"""Sending: one transaction writes the message, its delivery, the conversation's summary, the event and the audit."""

from datetime import timedelta

from channels.errors import ChannelRemoved
from channels.models import Channel
from channels.selectors import familiar_channels
from conversations.models import Conversation
from conversations.selectors import get_conversation
from kernel import audit, idempotency, work
from kernel.clock import iso, now
from kernel.events import emit
from kernel.mongo.doors import ObjectId, UniqueViolation, collection, owner
from kernel.mongo.ids import new_id
from kernel.mongo.rows import insert_rows
from kernel.mongo.transactions import run_transaction
from kernel.work.items import lane_key
from messaging.errors import ConversationIsClosed, ConversationMovedOn, WindowClosed
from messaging.events import MessageQueued
from messaging.models import Attachment, Delivery, Message
from messaging.services.comments import answering_comment
from messaging.services.drafts import FREE, Draft
from messaging.services.outgoing import Prepared, prepare
from messaging.summary import summary
from messaging.window import may_send, window_of
from tenants.access import Principal, require
from tenants.permissions import Permission


def send_message(
    *, conversation_id: str, draft: Draft, expected_last_message_id: str = ""
) -> Message:
    """Queue a message on a conversation.

    Raises ``WindowClosed`` with what is allowed instead, ``InvalidMessageBody``
    with the field and limit, ``ConversationMovedOn`` when the last message is
    not the one the sender saw.
    """
    principal = require(_permission(draft.type))
    try:
        return run_transaction(
            lambda: _send(conversation_id, draft, principal, expected_last_message_id)
        )
    except UniqueViolation as error:
        raise ConversationIsClosed from error


def _permission(type_: str) -> Permission:
    return Permission.MESSAGES_SEND_TEMPLATE if type_ == "template" else Permission.MESSAGES_SEND


def _send(conversation_id: str, draft: Draft, principal: Principal, expected: str) -> Message:
    conversation = get_conversation(conversation_id)
    channel = _channel(conversation)
    prepared = answering_comment(channel, prepare(channel, conversation.contact_id, draft))
    if expected and (conversation.last_message or {}).get("id") != expected:
        raise ConversationMovedOn(last_message_id=(conversation.last_message or {}).get("id"))
    if draft.type != "comment" and "comment_external_id" not in prepared.content:
        _check_window(conversation, draft.type, principal)
    message = _message(conversation, channel, prepared, principal)
    insert_rows([message])
    for file, upload in prepared.uploads:
        _attach(upload, file.kind, message, channel)
    _update(conversation, message)
    delivery = _delivery(conversation, channel, message)
    insert_rows([delivery])
    work.mark("send", lane_key(delivery.lane), due_at=delivery.due_at)
    audit.record("message.sent", message, {"type": [None, message.type]})
    emit(MessageQueued(message_id=message.pk, conversation_id=conversation.pk,
                       channel_id=channel.pk, seq=message.seq))  # fmt: skip
    idempotency.committed(message.pk)
    return message


def _channel(conversation: Conversation) -> Channel:
    """As it was a moment ago: what is queued on a channel that goes meanwhile is told by its delivery."""
    channel = familiar_channels([conversation.channel_id])[conversation.channel_id]
    if channel.status == Channel.REMOVED:
        raise ChannelRemoved
    return channel


def _check_window(conversation: Conversation, type_: str, principal: Principal) -> None:
    window = window_of(conversation)
    if not may_send(window, type_, is_by_person=principal.kind == "member"):
        until = iso(window.until) if window.until else None
        instead = "; a template can be sent at any time" if "template" in window.allowed else ""
        raise WindowClosed(f"{window.reason}{instead}",
                           allowed=list(window.allowed), until=until)  # fmt: skip


def _message(
    conversation: Conversation, channel: Channel, prepared: Prepared, principal: Principal
) -> Message:
    id_, draft = new_id(), prepared.draft
    preview = {"preview_url": True} if draft.preview_url else {}
    return Message(
        pk=id_,
        conversation=conversation,
        channel=channel,
        seq=conversation.message_count + 1,
        direction=Message.OUTBOUND,
        type=draft.type,
        text=prepared.text,
        content={**prepared.content, **preview},
        external_id=f"out:{id_}",
        reply_to_id=draft.reply_to_id,
        reply_to_external_id=prepared.reply_to_external_id,
        attachment_count=len(prepared.uploads),
        sender_kind="agent" if principal.kind == "member" else principal.kind,
        sender_id=principal.id,
        sender_name=principal.name,
    )


def _attach(upload: Attachment, kind: str, message: Message, channel: Channel) -> None:
    """The message's own row for the uploaded file; both point at the same stored bytes."""
    id_ = new_id()
    Attachment.objects.create(
        pk=id_, lane=id_, state=Attachment.DONE, open=False, channel=channel, message_id=message.pk,
        kind=kind, media_state=Attachment.STORED, mime_type=upload.mime_type,
        filename=upload.filename, size=upload.size, sha256=upload.sha256, path=upload.path,
    )  # fmt: skip


def _update(conversation: Conversation, message: Message) -> None:
    at = now()
    fields = {
        "last_message": summary(message_id=message.pk, direction=message.direction,
                                type_=message.type, text=message.text,
                                at=iso(at)),
        "last_activity_at": at, "waiting_since": None, "unread": False, "unread_count": 0,
        "active": True, "closed_at": None,
        "status": Conversation.OPEN if conversation.status == Conversation.CLOSED else conversation.status,
    }  # fmt: skip
    collection(Conversation).update_one(
        {**owner(), "_id": ObjectId(conversation.pk)},
        {"$set": fields, "$inc": {"message_count": 1}},
    )


def _delivery(conversation: Conversation, channel: Channel, message: Message) -> Delivery:
    free = message.type in FREE
    until = now() + timedelta(hours=24) if free else conversation.window_until
    return Delivery(lane=f"conversation:{conversation.pk}", message=message,
                    conversation=conversation, channel=channel, not_after=until)  # fmt: skip
