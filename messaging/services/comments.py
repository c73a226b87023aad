"""Answering a comment: in private, by the comment's id, within its own time."""

from dataclasses import replace
from datetime import timedelta

from channels.models import Channel
from channels.providers import provider_for
from channels.providers.abilities import AnswersComments
from kernel.clock import now
from messaging.errors import InvalidMessageBody, UnsupportedByChannel, WindowClosed
from messaging.models import Message
from messaging.services.outgoing import Prepared


def as_private_reply(channel: Channel, prepared: Prepared) -> Prepared:
    """The draft as it is, or as the private answer to the comment that it replies to.

    Raises ``UnsupportedByChannel``, ``InvalidMessageBody`` for anything but a text, and
    ``WindowClosed`` for a comment that is too old.
    """
    draft = prepared.draft
    quoted = Message.objects.filter(pk=draft.reply_to_id).first() if draft.reply_to_id else None
    if quoted is None or quoted.type != "comment":
        return prepared
    provider = provider_for(channel.kind)
    if not isinstance(provider, AnswersComments):
        raise UnsupportedByChannel(f"{channel.kind} has no private answers to comments.")
    if draft.type != "text":
        problem = {"field": "type", "code": "invalid", "detail": "A comment is answered with text."}
        raise InvalidMessageBody("A comment is answered privately with text.", errors=[problem])
    hours = provider.private_reply_hours
    until = (quoted.provider_at or quoted.created_at) + timedelta(hours=hours)
    if until <= now():
        raise WindowClosed(f"a comment can be answered privately for {hours} hours", allowed=[])
    content = {**prepared.content, "comment_external_id": quoted.external_id}
    return replace(prepared, content=content, reply_to_external_id="")
