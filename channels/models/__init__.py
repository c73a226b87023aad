"""Connected accounts."""

from channels.models.address import ChannelAddress
from channels.models.channel import Channel, ChannelCredential
from channels.models.template import MessageTemplate

__all__ = ["Channel", "ChannelAddress", "ChannelCredential", "MessageTemplate"]
