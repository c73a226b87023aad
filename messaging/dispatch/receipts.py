"""Telling the customer that we read or type; and looking again at sends whose outcome is unknown."""

from channels.models import Channel
from channels.providers.abilities import ActsOnPeople
from channels.providers.contract import Accepted, ChannelBroken, Client, Outcome
from channels.services.locked import opened_or_held
from conversations.models import Conversation
from kernel import work
from kernel.events import emit
from kernel.mongo.transactions import run_transaction
from kernel.scoping import active_tenant_id
from kernel.work import Done, Kind, Lease, Released, register
from kernel.work.outcomes import Outcome as WorkOutcome
from kernel.work.serving import serve_one
from messaging.dispatch.composing import recipient_on
from messaging.events import MessageOutcomeUnknown
from messaging.ingest.echoes import release_echoes
from messaging.models import Delivery, DeliveryCheck, Message, ReadReceipt
from messaging.services.outgoing import recipients
from tenants.services.tenant import is_suspended

UNREAD = ("comment", "call")  # of the timeline, and nothing that a provider calls a message


def register_kinds() -> None:
    register(Kind(name="receipt", queue="outbound", serve=_serve_receipts, lease_s=30.0))
    register(Kind(name="check", queue="default", serve=_serve_checks, one_shot=True))


def show_read(*, conversation: Conversation, typing: bool = False) -> None:
    """Queue the provider's blue ticks for the last inbound message; nothing when there is none."""
    last = Message.objects.filter(conversation=conversation).order_by("-seq")[:50]
    inbound = next((m for m in last if m.direction == Message.INBOUND and m.type not in UNREAD
                    and not m.external_id.startswith(Message.MADE)), None)  # fmt: skip
    if inbound is None:
        return
    receipt = ReadReceipt(lane=f"receipt:{conversation.pk}", channel_id=conversation.channel_id,
                          external_id=inbound.external_id, typing=typing)  # fmt: skip
    run_transaction(lambda: work.enqueue("receipt", receipt))


def _serve_receipts(lease: Lease) -> Released:
    return serve_one(ReadReceipt, lease, _show)


def _show(receipt: ReadReceipt) -> WorkOutcome:
    """Best effort: ticks that cannot be shown now are not worth another try."""
    channel = Channel.objects.get(pk=receipt.channel_id)
    if not channel.sends or is_suspended(active_tenant_id()):
        return Done(note="nothing is sent now")
    answer = _shown(opened_or_held(channel), channel, receipt)
    return Done(note="channel broken" if isinstance(answer, ChannelBroken) else "")


def _shown(client: Client, channel: Channel, receipt: ReadReceipt) -> Outcome:
    if not isinstance(client, ActsOnPeople):
        return client.mark_read(receipt.external_id, typing=receipt.typing)
    talk = Conversation.objects.get(pk=receipt.lane.rsplit(":", 1)[-1])
    who = next(iter(recipient_on(channel, recipients(talk.contact_id))), None)
    if who is None:
        return client.mark_read(receipt.external_id, typing=receipt.typing)
    seen = client.act(who.value, "mark_seen")
    return (
        client.act(who.value, "typing_on")
        if receipt.typing and isinstance(seen, Accepted)
        else seen
    )


def _serve_checks(lease: Lease) -> Released:
    return serve_one(DeliveryCheck, lease, _look_again)


def _look_again(check: DeliveryCheck) -> WorkOutcome:
    """No status came: a person decides whether to send again. Or: an attempt ended that an echo waited for."""
    delivery = Delivery.objects.get(pk=check.delivery_id)
    if check.lane.startswith(DeliveryCheck.ECHO):
        return Done(apply=lambda: release_echoes(delivery), note="echoes")
    if delivery.outcome != "unknown":
        return Done(note=f"resolved: {delivery.outcome}")
    event = MessageOutcomeUnknown(
        message_id=delivery.message_id, conversation_id=delivery.conversation_id
    )
    return Done(apply=lambda: emit(event), note="still unknown")
