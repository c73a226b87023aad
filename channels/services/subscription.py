"""The account's webhooks come to us; where they were ended, they begin again.

Meta ends Instagram's after an hour of failed deliveries, and does not say so.
"""

import structlog

from channels.events import ChannelNoticed
from channels.models import Channel
from channels.providers.contract import Accepted, Client, Outcome, Unknown
from kernel import audit
from kernel.events import emit
from kernel.mongo.transactions import run_transaction

log = structlog.get_logger(agentName="channel")
HEALED = (
    "Messages of this account were no longer delivered to us; they are again. "
    "Those that came meanwhile can be seen in the provider's own app."
)


def keep_subscribed(channel: Channel, client: Client) -> bool | Outcome:
    """Subscribe again if need be; True if that helped, False if it was not needed, or why it is not known."""
    answer = client.is_subscribed()
    if answer is True:
        return False
    if answer is not False:
        return answer
    outcome = client.subscribe()
    if outcome is not None and not isinstance(outcome, Accepted):
        return outcome
    if client.is_subscribed() is not True:  # not told as healed, or it would be told every hour
        log.warning("channel.not_subscribed", channel_id=channel.pk)
        return Unknown(reason="subscribed, and still not listed")
    run_transaction(lambda: _tell(channel))
    log.warning("channel.resubscribed", channel_id=channel.pk)
    return True


def _tell(channel: Channel) -> None:
    audit.record("channel.resubscribed", channel, reason=HEALED[:200])
    emit(ChannelNoticed(channel_ids=(channel.pk,), topic="subscription", severity="warning",
                        sentence=HEALED, facts=()))  # fmt: skip
