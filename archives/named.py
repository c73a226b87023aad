"""By what the provider's bodies name the active tenant."""

from channels.models import Channel, ChannelAddress
from kernel.scoping import active_tenant_id

NAMES = ("phone_number_id", "waba_id", "ig_id", "scoped_id", "page_id")
SHORTEST = 5


def addresses_of_tenant() -> list[str]:
    """Its addresses, and those of channels that it removed, unless they are another tenant's by now."""
    tenant_id = active_tenant_id()
    owned = {a.value for a in ChannelAddress.objects.filter(tenant_id=tenant_id)}
    named = {
        str(channel.external.get(name, "")) for channel in Channel.objects.all() for name in NAMES
    }
    taken = ChannelAddress.objects.filter(value__in=sorted(named - owned))
    others = {a.value for a in taken if a.tenant_id != tenant_id}
    # A number of the provider's, never a word that any body may hold.
    return sorted(v for v in (owned | named) - others if v.isdigit() and len(v) >= SHORTEST)
