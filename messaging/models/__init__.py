"""Messages, what happened to them, and the work around them."""

from messaging.models.attachment import Attachment
from messaging.models.delivery import Delivery, DeliveryCheck, ReadReceipt
from messaging.models.lookup import Lookup
from messaging.models.message import Message, MessageUpdate

__all__ = [
    "Attachment",
    "Delivery",
    "DeliveryCheck",
    "Lookup",
    "Message",
    "MessageUpdate",
    "ReadReceipt",
]
