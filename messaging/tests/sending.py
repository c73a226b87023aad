"""What tests of deliveries do again and again. ``live`` is the fixture of that name."""

from kernel.clock import now
from kernel.models import Lane
from kernel.work import mark
from kernel.work.items import lane_key
from messaging.models import Delivery
from messaging.selectors import shown
from messaging.services.drafts import Draft
from messaging.services.send import send_message
from tests import factories
from tests.inbound import work_off


def queue(live, *texts):
    made = [
        send_message(conversation_id=live.conversation.pk, draft=Draft(type="text", text=t))
        for t in texts
    ]
    return made[0] if len(made) == 1 else made


def send_now():
    work_off("send")


def again():
    """The time has come for what waits."""
    for row in Delivery.objects.filter(open=True):
        Delivery.objects.filter(pk=row.pk).update(due_at=now())
        mark("send", lane_key(row.lane))
    Lane.objects.filter(kind="send").update(due_at=now())
    send_now()


def state(message):
    return shown([message])[0].state


def texts_sent(live):
    return [r["body"]["text"]["body"] for r in live.simulator.sends(live.channel) if r["wamid"]]


def outcomes(delivery=None):
    row = Delivery.objects.get(pk=delivery.pk) if delivery else Delivery.objects.get()
    return [t.get("outcome") for t in row.tries]


def several(live, count):
    """More conversations on the channel, each with a customer of its own; returns them."""
    found = []
    for n in range(count):
        contact = factories.contact(name=f"Customer {n}")
        factories.identity(contact)
        found.append(factories.conversation(on=live.channel, with_=contact))
    return found


def queue_on(conversations, *texts):
    """Each text on each conversation, round after round."""
    return [
        send_message(conversation_id=talk.pk, draft=Draft(type="text", text=t))
        for t in texts
        for talk in conversations
    ]


def texts_by_customer(live):
    """What each customer was sent, in order."""
    found = {}
    for call in live.simulator.sends(live.channel):
        if call["wamid"]:
            found.setdefault(call["body"]["to"], []).append(call["body"]["text"]["body"])
    return found
