"""Delivering one message. The attempt is written before the socket opens; an ambiguous end is never repeated."""

from datetime import timedelta
from typing import Any, TypeVar

import structlog
from django.core.exceptions import ObjectDoesNotExist
from django.db import models

from channels.models import Channel
from channels.providers import provider_for
from channels.providers.abilities import AnswersComments
from channels.providers.contract import Client, InvalidMessage, Rejected, UnsupportedMessage
from channels.providers.contract import Outcome as ProviderOutcome
from channels.selectors import client_of, hold_reason
from conversations.models import Conversation
from kernel.clock import iso, now
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.rows import find_one
from kernel.scoping import active_tenant_id
from kernel.work import Done, Hold, Later, Lease, Released, StaleFence
from kernel.work.outcomes import Outcome
from kernel.work.serving import serve_one
from messaging.dispatch import pacing, settle
from messaging.dispatch.composing import PERSON, aware, composed
from messaging.dispatch.media import forget_uploads, uploaded_files
from messaging.models import Delivery, Message
from messaging.services.drafts import FREE
from messaging.services.outgoing import recipients
from messaging.window import late_until
from tenants.services.tenant import SUSPENDED, is_suspended

log = structlog.get_logger(agentName="message")
M = TypeVar("M", bound=models.Model)


def serve(lease: Lease) -> Released:
    return serve_one(Delivery, lease, deliver, on_bury=settle.bury)


def deliver(delivery: Delivery) -> Outcome:
    """One turn of one delivery."""
    channel = _read(Channel, delivery.channel_id)
    if channel.status == Channel.REMOVED:
        return settle.removed(delivery)
    _hold_if_stopped(channel)
    if delivery.outcome == "accepted":
        return Done(note="a status proved that the provider has it")
    if delivery.tries and "outcome" not in delivery.tries[-1]:
        return settle.died_in_the_middle(delivery)
    message = _read(Message, delivery.message_id)
    if too_late(channel, delivery, message):
        has_templates = bool(provider_for(channel.kind).template_types)
        return settle.expired(delivery, has_templates=has_templates)
    if (wait := pacing.wait_for_turn(channel, delivery)) > 0:
        return Later(seconds=wait, error="waiting for the channel's rate", burn=False)
    outcome = _call(channel, delivery, message)
    return settle.outcome(channel, delivery, message, outcome)


def too_late(channel: Channel, delivery: Delivery, message: Message) -> bool:
    """Whether the window has closed; it may have opened again since, because the customer wrote.

    A person may answer for longer on some channels, and a comment has a time of its own.
    """
    if delivery.not_after is None or delivery.not_after > now():
        return False
    if message.type in FREE:
        return True
    provider = provider_for(channel.kind)
    if message.content.get("comment_external_id") and isinstance(provider, AnswersComments):
        return message.created_at + timedelta(hours=provider.private_reply_hours) <= now()
    until = _conversation(message).get("window_until")
    if until is None:
        return True
    is_persons = message.sender_kind == PERSON
    return (late_until(channel.kind, aware(until)) if is_persons else aware(until)) <= now()


def _read(model: type[M], id_: str) -> M:
    found = find_one(model, {"_id": ObjectId(id_)})
    if found is None:
        raise ObjectDoesNotExist(f"{model.__name__} {id_}")
    return found


def _conversation(message: Message) -> dict[str, Any]:
    found: dict[str, Any] | None = collection(Conversation).find_one(
        {**owner(), "_id": ObjectId(message.conversation_id)}, {"contact_id": 1, "window_until": 1}
    )
    if found is None:
        raise ObjectDoesNotExist(f"Conversation {message.conversation_id}")
    return found


def _hold_if_stopped(channel: Channel) -> None:
    if is_suspended(active_tenant_id()):
        raise Hold(SUSPENDED)
    if not channel.sends:
        raise Hold(hold_reason(channel))


def opened(channel: Channel) -> Client:
    """The channel's client, for a lone delivery and for a batch."""
    return client_of(channel)


def _call(channel: Channel, delivery: Delivery, message: Message) -> ProviderOutcome:
    client = opened(channel)
    files = uploaded_files(client, channel, message)
    if not isinstance(files, dict):
        record_attempt(delivery)
        return files
    thread = _conversation(message)
    try:
        body = composed(channel, message, recipients(str(thread["contact_id"])),
                        window_until=thread.get("window_until"), uploaded=files)  # fmt: skip
    except (InvalidMessage, UnsupportedMessage) as error:
        record_attempt(delivery)
        return Rejected(code=0, title="This message cannot be sent", advice=str(error))
    record_attempt(delivery)
    answer = client.send(body)
    if files and isinstance(answer, Rejected):
        forget_uploads(channel, message)  # it may be the file's id that is not known there any more
    return answer


def record_attempt(delivery: Delivery) -> None:
    """Write the attempt, with the fence, before anything leaves."""
    entry = attempt(delivery.fence, len(delivery.tries) + 1)
    matched = (
        collection(Delivery)
        .update_one(
            {
                **owner(),
                "_id": ObjectId(delivery.pk),
                "fence": delivery.fence,
                "state": Delivery.LEASED,
            },
            {"$push": {"tries": entry}},
        )
        .matched_count
    )
    if not matched:
        raise StaleFence("the delivery has another holder")
    delivery.tries.append(entry)


def attempt(fence: int, number: int) -> dict[str, Any]:
    """An attempt as ``Delivery.tries`` lists it, without an end yet."""
    return {"n": number, "at": iso(now()), "fence": fence}
