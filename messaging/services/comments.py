"""Answering a comment: in private, by its id and within its own time, or under it for all to see."""

from dataclasses import replace
from datetime import timedelta

from channels.models import Channel
from channels.providers import provider_for
from channels.providers.abilities import AnswersComments
from kernel.clock import now
from messaging.errors import (
    CommentNotAnswerable,
    InvalidMessageBody,
    NotAComment,
    UnsupportedByChannel,
    WindowClosed,
)
from messaging.models import Message, MessageUpdate
from messaging.services.outgoing import Prepared
from messaging.wording import words_of

COMMENT = "comment"


def answering_comment(channel: Channel, prepared: Prepared) -> Prepared:
    """The draft as it is, or as the answer to the comment that it replies to.

    A ``comment`` is a public answer, a text a private one. Raises ``NotAComment``,
    ``CommentNotAnswerable``, ``UnsupportedByChannel``, ``InvalidMessageBody`` for a private answer
    that is no text, and ``WindowClosed`` for one that is too late.
    """
    draft = prepared.draft
    quoted = Message.objects.filter(pk=draft.reply_to_id).first() if draft.reply_to_id else None
    if draft.type == COMMENT:
        if quoted is None or quoted.type != COMMENT:
            raise NotAComment(errors=[{"field": "reply_to_id", "code": "invalid"}])
        return _in_public(prepared, quoted)
    if quoted is None or quoted.type != COMMENT or quoted.direction != Message.INBOUND:
        return prepared
    return _in_private(channel, prepared, quoted)


def _in_public(prepared: Prepared, quoted: Message) -> Prepared:
    """Under the comment, or under the one that it answers itself: there is one level of answers.

    What Meta refuses is refused here: under live videos, under hidden comments; and what mentions
    the account under somebody else's post is not ours to answer by this way.
    """
    said = words_of(quoted, MessageUpdate.objects.filter(message_id=quoted.pk)).content
    for name, why in (
        ("is_live", "a comment in a live video is answered in private"),
        ("is_mention", "a mention under somebody else's post is answered in Instagram"),
        ("is_hidden", "show the comment again first"),
        ("is_deleted", "it was deleted"),
    ):
        if said.get(name):
            raise CommentNotAnswerable(f"{why}.")
    parent = quoted.content.get("parent_id") or prepared.reply_to_external_id
    content = {"comment_id": None, "parent_id": parent, "media": quoted.content.get("media") or {},
               "is_live": False, "is_mention": False}  # fmt: skip
    return replace(prepared, content=content)


def _in_private(channel: Channel, prepared: Prepared, quoted: Message) -> Prepared:
    provider = provider_for(channel.kind)
    if not isinstance(provider, AnswersComments):
        raise UnsupportedByChannel(f"{channel.kind} has no private answers to comments.")
    if prepared.draft.type != "text":
        problem = {"field": "type", "code": "invalid", "detail": "A comment is answered with text."}
        raise InvalidMessageBody("A comment is answered privately with text.", errors=[problem])
    hours = provider.private_reply_hours
    until = (quoted.provider_at or quoted.created_at) + timedelta(hours=hours)
    if until <= now():
        raise WindowClosed(f"a comment can be answered privately for {hours} hours", allowed=[])
    content = {**prepared.content, "comment_external_id": quoted.external_id}
    return replace(prepared, content=content, reply_to_external_id="")
