"""An account that is refused in a status, after its send was accepted: it stops, and its queue is kept."""

from datetime import timedelta

import pytest

from channels.models import Channel
from channels.providers.events import ProviderError, StatusUpdate
from channels.services.states import move
from kernel.mongo.transactions import run_transaction
from messaging.models import Delivery, Message
from messaging.tests.arriving import take
from messaging.tests.sending import queue, send_now, state, texts_sent


def refuse(live, message, code, *, seconds=1):
    """The status of a send that failed; ``seconds`` after the channel came into its state."""
    channel = Channel.objects.get(pk=live.channel.pk)
    delivery = Delivery.objects.get(message_id=message.pk)
    failed = StatusUpdate(external_id=delivery.external_id, status="failed", callback_data=message.pk,
                          error=ProviderError(code=code),
                          provider_at=channel.status_at + timedelta(seconds=seconds))  # fmt: skip
    take(live.channel, failed)
    return Channel.objects.get(pk=live.channel.pk)


@pytest.mark.parametrize("code", [131042, 131031, 133010, 190])
def test_the_channel_stops_once_and_keeps_its_queue(live, code):
    message = queue(live, "refused later")
    send_now()
    channel = refuse(live, message, code)
    assert state(message).status == "failed"
    assert channel.status == Channel.BROKEN and channel.status_reason
    queue(live, "waits")
    send_now()
    assert texts_sent(live) == ["refused later"]
    run_transaction(lambda: move(channel, Channel.ACTIVE, "mended"))
    send_now()
    assert texts_sent(live) == ["refused later", "waits"]


def test_what_was_said_before_the_account_was_mended_stops_nothing(live):
    message = queue(live, "long ago")
    send_now()
    assert refuse(live, message, 131042, seconds=-5).status == Channel.ACTIVE
    assert Message.objects.count() == 1


def test_a_refusal_of_one_message_stops_nothing(live):
    message = queue(live, "not on WhatsApp")
    send_now()
    assert refuse(live, message, 131026).status == Channel.ACTIVE
