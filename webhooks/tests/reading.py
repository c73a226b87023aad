"""What the tests look for in what was stored."""

from messaging.models import Message
from messaging.selectors import shown

NOA, LEA = "972501234567", "972509999999"


def texts():
    return list(Message.objects.order_by("conversation_id", "seq").values_list("text", flat=True))


def the_message():
    return Message.objects.get()


def state(message):
    return shown([message])[0].state
