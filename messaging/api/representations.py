"""How messages, files and windows look in answers."""

from collections.abc import Sequence
from typing import Any

from config.api.rendering import moment
from conversations.api.representations import conversations_json
from conversations.models import Conversation
from messaging.media.links import link_to
from messaging.models import Attachment, Delivery, Message, MessageUpdate
from messaging.selectors import Shown, delivery_of, just_queued, shown, updates_of
from messaging.window import Window, window_of

Json = dict[str, Any]

# Kept with the content for the pipeline; of no use to a reader.
_INTERNAL = frozenset(
    {"expected", "rendered", "target_external_id", "comment_external_id", "preview_url"}
)


def list_json(conversations: Sequence[Conversation]) -> list[Json]:
    return conversations_json(conversations, _window_brief)


def conversation_json(conversation: Conversation) -> Json:
    return list_json([conversation])[0]


def window_json(window: Window) -> Json:
    return {"open": window.open, "until": moment(window.until), "allowed": list(window.allowed),
            "reason": window.reason}  # fmt: skip


def _window_brief(conversation: Conversation) -> Json:
    window = window_of(conversation)
    return {"open": window.open, "until": moment(window.until), "allowed": list(window.allowed)}


def attachment_json(file: Attachment) -> Json:
    stored = file.media_state == Attachment.STORED
    return {
        "id": file.pk,
        "kind": file.kind,
        "mime_type": file.mime_type,
        "filename": file.filename,
        "size": file.size,
        "state": file.media_state,
        "url": link_to(file.pk) if stored else None,
        "thumbnail_url": _thumbnail_url(file) if stored else None,
    }


def _thumbnail_url(file: Attachment) -> str | None:
    return link_to(file.pk, is_thumbnail=True) if file.thumbnail_path else None


def messages_json(messages: Sequence[Message]) -> list[Json]:
    return [_message_json(item) for item in shown(messages)]


def new_message_json(message: Message) -> Json:
    """A message that was stored just now: nothing can have become of it yet."""
    return _message_json(just_queued(message))


def one_message_json(message: Message) -> Json:
    """A message with all that happened to it and every attempt to send it."""
    delivery = delivery_of(message.pk) if message.direction == Message.OUTBOUND else None
    return {
        **messages_json([message])[0],
        "updates": [_update_json(update) for update in updates_of(message.pk)],
        "attempts": _attempts(delivery),
    }


def _message_json(item: Shown) -> Json:
    message, state, words = item.message, item.state, item.words
    body = {
        "id": message.pk,
        "conversation_id": message.conversation_id,
        "channel_id": message.channel_id,
        "seq": message.seq,
        "direction": words.direction,
        "type": message.type,
        "text": words.text,
        "edits": [{"text": edit["text"], "at": moment(edit["at"])} for edit in words.edits],
        "revoked_at": moment(words.revoked_at),
        "attachments": [attachment_json(file) for file in item.attachments],
        "reply_to_id": message.reply_to_id or None,
        "external_id": _external_id(item),
        "forwarded": message.forwarded,
        "is_history": bool(message.is_history),
        "referral": message.referral,
        "sender": {
            "kind": message.sender_kind,
            "id": message.sender_id,
            "name": message.sender_name,
        },
        "status": state.status or None,
        "status_at": moment(state.status_at),
        "error": state.error or message.error,
        "reactions": state.reactions,
        "provider_at": moment(message.provider_at),
        "created_at": moment(message.created_at),
    }
    if message.type not in body:
        body[message.type] = {k: v for k, v in words.content.items() if k not in _INTERNAL}
    return body


def _external_id(item: Shown) -> str | None:
    """The provider's id; of a message of ours it is known from its send."""
    own = item.message.external_id
    if own.startswith(Message.OURS):
        return item.external_id or None
    return None if own.startswith(Message.MADE) else own


def _update_json(update: MessageUpdate) -> Json:
    is_reaction = update.kind == MessageUpdate.REACTION
    has_actor = is_reaction or update.kind == MessageUpdate.MODERATED
    is_status = update.kind == MessageUpdate.STATUS
    return {
        "id": update.pk,
        "kind": update.kind,
        "status": update.status if is_status else None,
        "emoji": update.emoji if is_reaction else None,
        "text": update.text if update.kind == MessageUpdate.EDIT else None,
        "phase": update.detail["phase"] if update.kind == MessageUpdate.CALL else None,
        "actor": {"kind": update.actor_kind, "id": update.actor_id} if has_actor else None,
        "error": update.error,
        "provider_at": moment(update.provider_at),
        "created_at": moment(update.created_at),
    }


def _attempts(delivery: Delivery | None) -> list[Json]:
    return [
        {
            "n": attempt["n"],
            "at": attempt["at"],
            "outcome": attempt.get("outcome"),
            "code": attempt.get("code"),
            "detail": attempt.get("detail", ""),
            "ended_at": attempt.get("ended_at"),
        }
        for attempt in (delivery.tries if delivery else [])
    ]
