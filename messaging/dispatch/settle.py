"""What each answer of a provider means for the delivery, the message and the channel."""

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings

from channels.models import Channel
from channels.providers import contract as provider
from channels.selectors import hold_reason
from channels.services.connect import break_channel
from channels.services.template_refusals import note_refusal
from channels.services.traffic import note_traffic
from crm.models import Contact, ContactIdentity
from kernel import work
from kernel.clock import iso, now
from kernel.events import emit
from kernel.mongo.doors import ObjectId, ReturnDocument, collection, owner
from kernel.mongo.ids import new_id
from kernel.mongo.rows import find_one, insert_rows
from kernel.mongo.transactions import run_transaction
from kernel.work.items import enqueue_many
from kernel.work.outcomes import Done, Hold, Later, Outcome
from messaging.dispatch import pacing
from messaging.events import MessageReacted, MessageStatusChanged
from messaging.ingest.echoes import part_key
from messaging.ingest.effects import take_effect
from messaging.ingest.targets import External, find_by_external_id
from messaging.ingest.updates import adopt_orphans
from messaging.models import Delivery, DeliveryCheck, Message, MessageUpdate
from messaging.status import higher

log = structlog.get_logger(agentName="message")
RETRY_S = (5, 30, 120, 600, 1800, 7200, 21600)
TEMPLATE_PATIENCE_S = 900.0
UNCERTAIN = {"code": 0, "title": "It is not known whether this was delivered",
             "advice": "Wait for the customer's answer, or send it again."}  # fmt: skip
REMOVED = {"code": 0, "title": "The channel was removed before this could be sent",
           "advice": "Write on another channel."}  # fmt: skip
EXPIRED = {"code": 0, "title": "The messaging window closed before this could be sent",
           "advice": "Send a template instead."}  # fmt: skip


def outcome(
    channel: Channel, delivery: Delivery, message: Message, answer: provider.Outcome
) -> Outcome:
    """Turn a provider's answer into the item's outcome; writes happen with it, in one transaction."""
    if message.type == "template" and isinstance(answer, provider.Throttled | provider.Rejected):
        content = message.content
        note_refusal(channel, str(content.get("name")), str(content.get("language")), answer.code)
    match answer:
        case provider.Accepted():
            pacing.note_success(channel)
            pacing.note_usage(channel, answer.usage)
            return Done(apply=lambda: accepted(channel, delivery, message, answer))
        case provider.Unknown():
            return _uncertain(delivery, answer.reason)
        case provider.Throttled():
            pacing.note_success(channel)
            return _throttled(channel, delivery, answer)
        case provider.NotSent():
            pacing.note_failure(channel)
            return _retry(delivery, "not_sent", 0, answer.reason, None)
        case provider.Transient():
            pacing.note_failure(channel)
            return _retry(delivery, "transient", answer.code, answer.title, answer.max_tries)
        case provider.ChannelBroken():
            pacing.note_refused(channel)
            end_attempt(delivery, "channel_broken", answer.code, answer.title)
            break_channel(channel=channel, reason=f"{answer.title}. {answer.advice}")
            raise Hold(hold_reason(channel))
        case provider.Rejected():
            if answer.code:  # without one we refused it ourselves
                pacing.note_success(channel)
            error = {"code": answer.code, "title": answer.title, "advice": answer.advice}
            return Done(apply=lambda: failed(delivery, error, "rejected"))


def accepted(
    channel: Channel, delivery: Delivery, message: Message, answer: provider.Accepted
) -> None:
    """The provider has it: its id is known, statuses that overtook us find their message.

    An answer with the id of another delivery is not believed: a status tells what became of it.
    """
    if anothers({(delivery.channel_id, answer.external_id): delivery.pk}):
        _told_unknown(delivery, "answered with another message's id")
        return
    end_attempt(delivery, "accepted", None, "", external_id=answer.external_id, outcome="accepted")
    status = _update(delivery, f"out:{message.pk}:accepted", "accepted", None, answer.external_id)
    _note_parts(delivery, answer.parts)
    known = {(delivery.channel_id, answer.external_id): (message.pk, message.conversation_id)}
    early, _ = adopt_orphans(known)
    for row, _ in early:
        if row.kind == MessageUpdate.STATUS:
            status = higher(row.status, status)
    take_effect([one for one in early if one[0].kind != MessageUpdate.STATUS])
    if message.type == "reaction":
        _own_reaction(delivery, message)
    note_traffic("last_outbound_at", [channel.pk])
    if answer.alias is not None:
        _learn_alias(delivery, answer.alias)
    emit(
        MessageStatusChanged(
            message_id=message.pk, conversation_id=message.conversation_id, status=status
        )
    )


def anothers(given: Mapping[External, str]) -> set[External]:
    """Which of the ids that deliveries (by their own id) were given another one has; one read.

    It serves a provider that repeats itself. Two that are told the same at the same instant may
    both believe it.
    """
    known = find_by_external_id(Delivery, given)
    return {at for at, row in known.items() if str(row["_id"]) != given[at]}


def _note_parts(delivery: Delivery, parts: Sequence[str]) -> None:
    """What it left as besides: told of as sent by the account, each is still this one message."""
    insert_rows([MessageUpdate(
        channel_id=delivery.channel_id, message_id=delivery.message_id, external_id=part,
        key=part_key(part), kind=MessageUpdate.ECHO,
    ) for part in parts])  # fmt: skip


def _own_reaction(delivery: Delivery, message: Message) -> None:
    target = message.content.get("message_id", "")
    insert_rows([MessageUpdate(
        channel_id=delivery.channel_id, message_id=target, key=f"re:{message.pk}",
        external_id=message.content.get("target_external_id", ""), kind=MessageUpdate.REACTION,
        emoji=message.content.get("emoji", ""), actor_kind="agent", actor_id=message.sender_id,
    )])  # fmt: skip
    emit(MessageReacted(message_id=target, conversation_id=message.conversation_id,
                        emoji=message.content.get("emoji", ""), actor_kind="agent"))  # fmt: skip


def _learn_alias(delivery: Delivery, alias: Any) -> None:
    """The recipient as the provider spells it (a Brazilian ninth digit, say) is the same contact."""
    key = {"kind": alias.kind, "scope": alias.scope, "value": alias.value}
    if find_one(ContactIdentity, key) is None:
        contact = Contact.objects.get(pk=delivery.conversation.contact_id)
        ContactIdentity.objects.create(contact=contact, **key)


def died_in_the_middle(delivery: Delivery) -> Done:
    """The last attempt has no end: its worker died, perhaps after the bytes had left."""
    return _uncertain(delivery, "the worker died during the call")


def _uncertain(delivery: Delivery, reason: str) -> Done:
    """Never resent by itself: a status may still tell; a check looks again later."""
    return Done(apply=lambda: _told_unknown(delivery, reason), note="unknown")


def _told_unknown(delivery: Delivery, reason: str) -> None:
    """Record it, unless a status told meanwhile; in the caller's transaction."""
    if _settled_meanwhile(delivery):
        end_attempt(delivery, "unknown", None, reason)
        return
    end_attempt(delivery, "unknown", None, reason, outcome="unknown")
    _update(delivery, f"out:{delivery.message_id}:unknown", "unknown", UNCERTAIN)
    emit(MessageStatusChanged(message_id=delivery.message_id,
                              conversation_id=delivery.conversation_id, status="unknown"))  # fmt: skip
    later = now() + timedelta(seconds=settings.UNKNOWN_AFTER_S)
    work.enqueue("check", DeliveryCheck(lane=delivery.pk, delivery=delivery, due_at=later))


def removed(delivery: Delivery) -> Outcome:
    return Done(apply=lambda: failed(delivery, REMOVED, "removed", attempted=False), note="removed")


def expired(delivery: Delivery, *, has_templates: bool) -> Outcome:
    error = EXPIRED if has_templates else EXPIRED | {"advice": "Wait until the customer writes."}
    return Done(apply=lambda: failed(delivery, error, "expired", attempted=False), note="expired")


def failed(delivery: Delivery, error: dict[str, Any], how: str, *, attempted: bool = True) -> None:
    """It will not be delivered; the agent sees the code, its title and what to do."""
    if _settled_meanwhile(delivery):
        end_attempt(delivery, how, error["code"], error["title"])
        return
    if attempted:
        end_attempt(delivery, how, error["code"], error["title"], outcome="failed")
    else:
        _set(delivery, {"outcome": "failed"})
    _update(delivery, f"out:{delivery.message_id}:{how}", "failed", error)
    emit(MessageStatusChanged(message_id=delivery.message_id, conversation_id=delivery.conversation_id,
                              status="failed", code=error["code"]))  # fmt: skip


def bury(delivery: Delivery, reason: str) -> None:
    """A delivery that fails here, not at the provider, is told to the agent too."""
    if delivery.tries and "outcome" not in delivery.tries[-1]:
        _told_unknown(delivery, "the worker died during the call")
        return
    error = {"code": 0, "title": "This could not be sent", "advice": "Support has been told."}
    failed(delivery, error, "dead", attempted=False)


def _throttled(channel: Channel, delivery: Delivery, answer: provider.Throttled) -> Outcome:
    before = sum(1 for t in delivery.tries if t.get("outcome") == "throttled")
    step = 4.0**before if answer.scope == "pair" else 2.0**before
    if answer.scope == "template" and (answer.retry_after or 0.0) > TEMPLATE_PATIENCE_S:
        return _paused(delivery, answer)
    seconds = min(max(answer.retry_after or 0.0, step), 3600.0)
    pacing.slow_down(channel, delivery, answer, seconds)
    return Later(seconds=seconds, error=f"throttled ({answer.code})", burn=False,
                 apply=lambda: end_attempt(delivery, "throttled", answer.code, answer.title))  # fmt: skip


def _paused(delivery: Delivery, answer: provider.Throttled) -> Outcome:
    """For hours nobody can send this template: what waits behind it in the conversation does not."""
    hours = max(round((answer.retry_after or 0.0) / 3600), 1)
    error = {"code": answer.code, "title": answer.title, "advice":
             f"Choose another template, or send it again in about {hours} hours."}  # fmt: skip
    return Done(apply=lambda: failed(delivery, error, "rejected"))


def _retry(delivery: Delivery, how: str, code: int, title: str, most: int | None) -> Outcome:
    tried = sum(1 for t in delivery.tries if t.get("outcome") in ("not_sent", "transient"))
    if tried >= min(most or len(RETRY_S), len(RETRY_S)):
        error = {"code": code, "title": title or "The provider did not take it",
                 "advice": "Try again later."}  # fmt: skip
        return Done(apply=lambda: failed(delivery, error, how))
    seconds = RETRY_S[tried] * random.uniform(0.8, 1.2)
    return Later(seconds=seconds, error=f"{how}: {title}", burn=False,
                 apply=lambda: end_attempt(delivery, how, code, title))  # fmt: skip


def end_attempt(delivery: Delivery, how: str, code: int | None, detail: str, **fields: Any) -> None:
    """Complete the attempt that ``record_attempt`` began, and set ``fields`` of the delivery."""
    _set(delivery, {**ended(delivery, how, code, detail), **fields})


def ended(delivery: Delivery, how: str, code: int | None, detail: str) -> dict[str, Any]:
    """The fields that complete the delivery's last attempt; none when it was never tried."""
    last = len(delivery.tries) - 1
    end = {"outcome": how, "code": code, "detail": detail[:300], "ended_at": iso(now())}
    return {f"tries.{last}.{name}": value for name, value in end.items()} if last >= 0 else {}


def _set(delivery: Delivery, changes: dict[str, Any]) -> None:
    where = {**owner(), "_id": ObjectId(delivery.pk), "fence": delivery.fence}
    run_transaction(lambda: _written(delivery, where, changes))


def _written(delivery: Delivery, where: dict[str, Any], changes: dict[str, Any]) -> None:
    found = collection(Delivery).find_one_and_update(
        where,
        {"$set": {**changes, "has_echo": False}},
        projection={"has_echo": 1},
        return_document=ReturnDocument.BEFORE,
    )
    if found is None:
        raise work.StaleFence("the delivery has another holder")
    if found.get("has_echo"):
        look_at_echoes([delivery])


def look_at_echoes(deliveries: Sequence[Delivery]) -> None:
    """What waited for the end of these attempts is looked at now, in work of its own: it may fail alone."""
    enqueue_many("check", [
        DeliveryCheck(lane=f"{DeliveryCheck.ECHO}:{delivery.pk}", delivery=delivery)
        for delivery in deliveries
    ])  # fmt: skip


def _settled_meanwhile(delivery: Delivery) -> bool:
    """Whether a status has proved, during the call, what became of the message."""
    found = collection(Delivery).find_one({**owner(), "_id": ObjectId(delivery.pk)}, {"outcome": 1})
    return bool(found) and found["outcome"] == "accepted"


def _update(delivery: Delivery, key: str, status: str, error: Any, external_id: str = "") -> str:
    insert_rows([status_row(delivery, key, status, error, external_id)])
    return status


def status_row(
    delivery: Delivery, key: str, status: str, error: Any = None, external_id: str = ""
) -> MessageUpdate:
    """What a send came to, as a row beside its message; not stored yet."""
    return MessageUpdate(
        channel_id=delivery.channel_id, message_id=delivery.message_id, external_id=external_id,
        key=f"{key}:{new_id()}", kind=MessageUpdate.STATUS, status=status, error=error,
    )  # fmt: skip
