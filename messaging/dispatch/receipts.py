"""Telling the customer that we read or type; and looking again at sends whose outcome is unknown."""

from channels.models import Channel
from channels.providers.contract import ChannelBroken
from channels.selectors import client_of
from conversations.models import Conversation
from kernel import work
from kernel.events import emit
from kernel.mongo.transactions import run_transaction
from kernel.scoping import active_tenant_id
from kernel.work import Done, Kind, Lease, Released, register
from kernel.work.outcomes import Outcome
from kernel.work.serving import serve_one
from messaging.events import MessageOutcomeUnknown
from messaging.ingest.echoes import release_echoes
from messaging.models import Delivery, DeliveryCheck, Message, ReadReceipt
from tenants.services.tenant import is_suspended


def register_kinds() -> None:
    register(Kind(name="receipt", queue="outbound", serve=_serve_receipts, lease_s=30.0))
    register(Kind(name="check", queue="default", serve=_serve_checks, one_shot=True))


def show_read(*, conversation: Conversation, typing: bool = False) -> None:
    """Queue the provider's blue ticks for the last inbound message; nothing when there is none."""
    last = Message.objects.filter(conversation=conversation).order_by("-seq")[:50]
    inbound = next((m for m in last if m.direction == Message.INBOUND), None)
    if inbound is None:
        return
    receipt = ReadReceipt(lane=f"receipt:{conversation.pk}", channel_id=conversation.channel_id,
                          external_id=inbound.external_id, typing=typing)  # fmt: skip
    run_transaction(lambda: work.enqueue("receipt", receipt))


def _serve_receipts(lease: Lease) -> Released:
    return serve_one(ReadReceipt, lease, _show)


def _show(receipt: ReadReceipt) -> Outcome:
    """Best effort: ticks that cannot be shown now are not worth another try."""
    channel = Channel.objects.get(pk=receipt.channel_id)
    if not channel.sends or is_suspended(active_tenant_id()):
        return Done(note="nothing is sent now")
    answer = client_of(channel).mark_read(receipt.external_id, typing=receipt.typing)
    return Done(note="channel broken" if isinstance(answer, ChannelBroken) else "")


def _serve_checks(lease: Lease) -> Released:
    return serve_one(DeliveryCheck, lease, _look_again)


def _look_again(check: DeliveryCheck) -> Outcome:
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
