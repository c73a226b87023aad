"""A channel's addresses at the provider: each has one tenant, whoever asks for it at the same time."""

from collections.abc import Iterable

from channels.errors import AccountTaken
from channels.models import Channel, ChannelAddress, FormerAddress
from channels.selectors import channels_of_account
from kernel.mongo.rows import find_one
from kernel.scoping import active_tenant_id


def claim(channel: Channel, addresses: Iterable[tuple[str, str]]) -> None:
    """Record that the channel is reached by these; in the caller's transaction.

    That of an account is kept by the tenant's channel that claimed it first, and refused to
    another tenant (``AccountTaken``): what the provider tells of the account is for one of them
    alone. Any other address that is taken is a ``UniqueViolation``.
    """
    for kind, value in addresses:
        known = find_one(ChannelAddress, {"kind": kind, "value": value})
        if known is not None and kind in ChannelAddress.SHARED:
            if known.tenant_id != active_tenant_id():
                raise AccountTaken
            continue
        row = ChannelAddress(kind=kind, value=value, tenant_id=active_tenant_id(),
                             channel_id=channel.pk)  # fmt: skip
        row.save(force_insert=True)


def claim_missing(channel: Channel, addresses: Iterable[tuple[str, str]]) -> None:
    """Claim those that are not the channel's own yet: one that came with an archive has none."""
    known = ChannelAddress.objects.filter(channel_id=channel.pk).values_list("kind", "value")
    own = set(known)
    claim(channel, [address for address in addresses if address not in own])


def free(channel: Channel) -> None:
    """Give up the channel's addresses; an account's goes over to another of the tenant's channels on it."""
    others = [row for row in channels_of_account(channel) if row.pk != channel.pk]
    for address in ChannelAddress.objects.filter(channel_id=channel.pk):
        heir = next(
            (row for row in others if row.external.get(address.kind) == address.value), None
        )
        if heir is not None and address.kind in ChannelAddress.SHARED:
            ChannelAddress.objects.filter(pk=address.pk).update(channel_id=heir.pk)
        else:
            _give_up(address)


def give_up_all() -> None:
    """The active tenant is reached by nothing any more; in the caller's transaction."""
    for address in ChannelAddress.objects.filter(tenant_id=active_tenant_id()):
        _give_up(address)


def _give_up(address: ChannelAddress) -> None:
    """Free it, and note who had it until now: raw webhooks of that time are still theirs."""
    former = FormerAddress(kind=address.kind, value=address.value, tenant_id=address.tenant_id,
                           channel_id=address.channel_id, since=address.created_at)  # fmt: skip
    former.save(force_insert=True)
    address.delete()


def forget_former() -> None:
    """Nothing that came for the active tenant is kept any more, so neither is what it was reached by."""
    FormerAddress.objects.filter(tenant_id=active_tenant_id()).delete()
