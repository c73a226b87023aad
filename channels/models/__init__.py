"""Connected accounts."""

from channels.models.address import ChannelAddress, FormerAddress
from channels.models.alert import ChannelAlert
from channels.models.channel import Channel, ChannelCredential
from channels.models.sign_in import ChannelSignIn
from channels.models.template import MessageTemplate

__all__ = [
    "Channel",
    "ChannelAddress",
    "ChannelAlert",
    "ChannelCredential",
    "ChannelSignIn",
    "FormerAddress",
    "MessageTemplate",
]
