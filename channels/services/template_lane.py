"""When the templates of an account are looked at: within a day, or at once."""

from datetime import timedelta

from channels.models import Channel, ChannelAddress
from kernel import work
from kernel.clock import now
from kernel.work.items import lane_key

KIND = "templates"
EVERY = timedelta(days=1)


def schedule(channel: Channel) -> None:
    """Make sure that the account is looked at within a day."""
    work.mark(KIND, lane_key(account_of(channel)), due_at=now() + EVERY)


def look_now(channel: Channel) -> None:
    """Have the account looked at as soon as the caller's transaction is committed."""
    work.mark(KIND, lane_key(account_of(channel)))


def account_of(channel: Channel) -> str:
    """The account whose templates the channel has, as text that is also the name of its lane."""
    for kind in sorted(ChannelAddress.SHARED):
        if value := channel.external.get(kind):
            return f"{kind}:{value}"
    return f"channel:{channel.pk}"
