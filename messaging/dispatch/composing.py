"""A stored message as its provider takes it now: to whom on this channel, under which tag, to which comment."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from channels.models import Channel
from channels.providers import provider_for
from channels.providers.abilities import AnswersLate
from channels.providers.events import Identity
from kernel.clock import now
from messaging.models import Message
from messaging.services.outgoing import outbound

NONE_UPLOADED: Mapping[str, str] = {}
PERSON = "agent"  # the kind of sender that is a person


def composed(
    channel: Channel, message: Message, recipient: Iterable[Identity], *,
    window_until: datetime | None, uploaded: Mapping[str, str] = NONE_UPLOADED,
) -> dict[str, Any]:  # fmt: skip
    """The request's body. Raises ``InvalidMessage`` or ``UnsupportedMessage`` for what cannot be sent."""
    known = tuple(recipient_on(channel, recipient))
    whole = outbound(message, known, uploaded=uploaded)
    tag = _tag(channel, message, window_until)
    if tag:
        whole = replace(whole, content={**whole.content, "tag": tag})
    return provider_for(channel.kind).compose(whole)


def recipient_on(channel: Channel, recipient: Iterable[Identity]) -> list[Identity]:
    """Those of a contact's ids that mean anything on this channel: one of another account names a stranger."""
    own = {"", *map(str, channel.external.values())}
    return [identity for identity in recipient if identity.scope in own]


def _tag(channel: Channel, message: Message, window_until: datetime | None) -> str:
    """Why it may go although the window has closed; a closed window that nobody ever opened has none."""
    provider = provider_for(channel.kind)
    if window_until is None or not isinstance(provider, AnswersLate) or is_free(message):
        return ""
    wrote_at = aware(window_until) - timedelta(hours=provider.window_hours)
    by_person = message.sender_kind == PERSON
    return provider.tag_for(now() - wrote_at, is_written_by_person=by_person)


def is_free(message: Message) -> bool:
    """Whether the window says nothing of it: an answer to a comment, a reaction."""
    return message.type in ("reaction", "comment") or bool(
        message.content.get("comment_external_id")
    )


def aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
