"""Channels of an older version get what connecting one gives it now."""

from importlib import import_module

from channels.models import Channel, ChannelAddress
from kernel.models import Lane, LaneMark
from kernel.work.items import lane_key
from tests import factories

migration = import_module("channels.migrations.0006_looked_after_from_the_start")


def waiting(channel):
    """Whether its upkeep will come."""
    key = lane_key(channel.pk)
    return any(model.objects.filter(kind="upkeep", key=key).exists() for model in (Lane, LaneMark))


def run():
    migration.look_after_all(None, None)


def test_older_channels_are_looked_after_and_reached_by_their_account(world):
    with factories.inside(world):
        old = factories.channel()
        gone = factories.channel(status=Channel.REMOVED)
        assert not waiting(old)
    run()
    run()
    with factories.inside(world):
        assert (waiting(old), waiting(gone)) == (True, False)
    (address,) = ChannelAddress.objects.filter(kind="waba_id", value=old.external["waba_id"])
    assert (address.tenant_id, address.channel_id) == (world.tenant.pk, old.pk)
    assert not ChannelAddress.objects.filter(value=gone.external["waba_id"]).exists()


def test_an_account_that_is_claimed_stays_with_its_tenant(world, new_tenant):
    other = new_tenant()
    with factories.inside(world):
        first = factories.channel()
    with factories.inside(other):
        factories.channel(external={"phone_number_id": factories.digits(15),
                                    "waba_id": first.external["waba_id"]})  # fmt: skip
    run()
    (address,) = ChannelAddress.objects.filter(kind="waba_id", value=first.external["waba_id"])
    assert address.tenant_id == world.tenant.pk
