"""Alerts to a tenant's owners: raised once for each occasion, with the change they tell of, and mailed after."""

import smtplib
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMessage

from channels.events import ChannelAlerted
from channels.models import Channel, ChannelAlert
from kernel import audit
from kernel.clock import now
from kernel.events import emit
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.ids import new_id
from kernel.mongo.rows import find_one
from kernel.work import Bury, Done, Kind, Later, Lease, Released, StaleFence, enqueue, register
from kernel.work.outcomes import Outcome
from kernel.work.serving import serve_one
from tenants.models import Membership
from tenants.services.tenant import hold_while_suspended

log = structlog.get_logger(agentName="channel")
RETRY_S = (30, 120, 600, 3600, 6 * 3600)
SUBJECTS = {
    "broken": "{name} cannot send",
    "token_ends": "The access to {name} ends soon",
}
ADVICE = {
    "broken": (
        "Messages to customers wait until the channel is connected again, and then leave in "
        "order. What customers write still comes in."
    ),
    "token_ends": "Connect the channel again before that day, and nothing will be interrupted.",
}


def register_kind() -> None:
    register(Kind(name="alert", queue="default", serve=serve, lease_s=60.0, one_shot=True))


def raise_alert(channel: Channel, key: str, topic: str, sentence: str) -> bool:
    """Tell the owners, in the caller's transaction; False if they were told of this occasion."""
    if find_one(ChannelAlert, {"channel_id": ObjectId(channel.pk), "key": key[:80]}) is not None:
        return False
    id_ = new_id()
    alert = ChannelAlert(pk=id_, lane=f"alert:{id_}", channel=channel, key=key[:80], topic=topic,
                         sentence=sentence[:500], due_at=now())  # fmt: skip
    enqueue("alert", alert)
    emit(ChannelAlerted(channel_id=channel.pk, topic=topic, sentence=sentence[:300]))
    audit.record("channel.alerted", channel, {"topic": [None, topic]}, reason=sentence[:200])
    return True


def serve(lease: Lease) -> Released:
    return serve_one(ChannelAlert, lease, mail)


def mail(alert: ChannelAlert) -> Outcome:
    """Write to each owner who was not written to yet."""
    hold_while_suspended()
    channel = Channel.objects.get(pk=alert.channel_id)
    for member in Membership.objects.filter(role="owner", status=Membership.ACTIVE):
        if member.pk in alert.told:
            continue
        try:
            _message(alert, channel, member.email).send()
        except (OSError, smtplib.SMTPException) as error:
            return _again(alert, error)
        _note_told(alert, member.pk)
    return Done(note=f"{len(alert.told)} told")


def _message(alert: ChannelAlert, channel: Channel, address: str) -> EmailMessage:
    """One for each owner, so that none sees another's address."""
    lines = [alert.sentence, ADVICE[alert.topic],
             f"{settings.FRONTEND_URL}/channels/{channel.pk}"]  # fmt: skip
    name = " ".join(channel.name.split())
    subject = SUBJECTS[alert.topic].format(name=name)
    return EmailMessage(subject=subject, body="\n\n".join(lines), to=[address])


def _note_told(alert: ChannelAlert, member_id: str) -> None:
    """At once, so that a later failure does not write to this owner again."""
    alert.told = [*alert.told, member_id]
    mine: dict[str, Any] = {**owner(), "_id": ObjectId(alert.pk), "fence": alert.fence,
                            "state": ChannelAlert.LEASED}  # fmt: skip
    if not collection(ChannelAlert).update_one(mine, {"$set": {"told": alert.told}}).matched_count:
        raise StaleFence("the alert has another holder")


def _again(alert: ChannelAlert, error: Exception) -> Outcome:
    tried = alert.attempts - 1
    log.warning("alert.unsent", channel_id=alert.channel_id, error=type(error).__name__)
    if tried >= len(RETRY_S) - 1:
        return Bury(reason=f"the mail server refuses: {type(error).__name__}")
    return Later(seconds=RETRY_S[tried], error=type(error).__name__)
