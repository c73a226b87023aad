"""A channel whose key is not in the ring sends nothing, says so, and goes on by itself."""

import pytest

from channels.models import Channel, ChannelAlert, ChannelCredential
from channels.services.connect import remove_channel
from channels.services.locked import REASON
from kernel import vault
from kernel.envelope import new_ring_entry
from messaging.models import Delivery
from messaging.tests.sending import again, queue, send_now, texts_sent
from tests.simulator import TOKEN


@pytest.fixture(autouse=True)
def _fresh_ring():
    vault.key_ring.cache_clear()
    yield
    vault.key_ring.cache_clear()


def use_ring(settings, text):
    settings.KEY_RING = text
    vault.key_ring.cache_clear()
    vault._wrapped.clear()


@pytest.mark.parametrize("how", ["missing", "another's bytes"])
def test_without_its_key_a_channel_stops_with_an_alert_and_goes_on_when_it_is_back(
    live, settings, how
):
    ring = settings.KEY_RING
    name = ring.split(",")[0].split(":")[0]
    queue(live, "one", "two")
    use_ring(settings, new_ring_entry("other" if how == "missing" else name))
    send_now()
    channel = Channel.objects.get(pk=live.channel.pk)
    assert (channel.status, channel.status_reason) == ("broken", REASON)
    assert ChannelAlert.objects.filter(channel=channel, topic="broken").count() == 1
    assert live.simulator.sends(live.channel) == []
    assert set(Delivery.objects.values_list("state", "attempts")) == {("parked", 0)}
    assert TOKEN not in ChannelCredential.objects.get().access_token
    again()
    assert ChannelAlert.objects.filter(channel=channel).count() == 1
    use_ring(settings, ring)
    again()
    assert texts_sent(live) == ["one", "two"]
    assert Channel.objects.get(pk=live.channel.pk).status == "active"


def test_a_channel_can_be_removed_without_its_key(live, settings):
    use_ring(settings, new_ring_entry("other"))
    remove_channel(channel_id=live.channel.pk)
    assert not ChannelCredential.objects.exists()
