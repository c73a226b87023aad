"""How many messages a second this very channel may send."""

from channels.models import Channel
from channels.providers import provider_for

DEFAULT = Channel._meta.get_field("sends_per_second").default
HIGH_PER_SECOND = 1000
HIGH = "HIGH"


def per_second(channel: Channel) -> int:
    """What somebody set for the channel; else its tier at the provider; else what its kind has.

    The tier is what the last health report or a notice after it says.
    """
    if channel.sends_per_second != DEFAULT:
        return int(channel.sends_per_second)
    if str(channel.facts.get("throughput", "")).upper() == HIGH:
        return HIGH_PER_SECOND
    reported = channel.health.get("account", {}).get("messages_per_second")
    if isinstance(reported, int) and reported > 0:
        return reported
    return provider_for(channel.kind).pace.per_second
