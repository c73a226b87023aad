"""Internal events as providers parse them, and what a batch of them leaves. Each function makes something new."""

import itertools
import secrets
from datetime import UTC, datetime, timedelta

from channels.providers import events
from channels.providers.events import Identity, Person
from conversations.models import Conversation
from crm.models import Contact, ContactIdentity
from kernel.models import DomainEvent
from kernel.mongo.transactions import run_transaction
from messaging.api.representations import conversation_json, messages_json
from messaging.ingest import Inbound, apply_batch
from messaging.models import Attachment, Message, MessageUpdate
from tests.simulator import CUSTOMER

NOW = datetime.now(UTC).replace(microsecond=0)
_at = itertools.count(1)


def at(seconds=None):
    """A moment of the provider's; later with each call."""
    return NOW + timedelta(seconds=next(_at) if seconds is None else seconds)


def mid():
    return f"mid.{secrets.token_hex(8)}"


def person(value=CUSTOMER, *, kind="wa_id", name="", phone=""):
    return Person(identities=(Identity(kind=kind, value=value),), name=name, phone=phone)


NOA = person(name="Noa")


def wrote(text="hello", *, of=NOA, id_="", **more):
    given = {"type": "text", "text": text, "external_id": id_ or mid(), "provider_at": at(), **more}
    return events.InboundMessage(sender=of, **given)


def echo(text="on my way", *, to=NOA, id_="", **more):
    given = {"type": "text", "text": text, "external_id": id_ or mid(), "provider_at": at(), **more}
    return events.Echo(recipient=to, **given)


def edited(of, text, **more):
    return events.MessageEdited(external_id=of, text=text, **{"provider_at": at(), **more})


def revoked(of):
    return events.MessageRevoked(external_id=of, provider_at=at())


def read_to(of):
    return events.ReadUpTo(external_id=of, reader=NOA, provider_at=at())


def take(channel, *batch, is_accounts=False):
    """Apply events as one batch."""
    inbound = [Inbound(channel, event, is_accounts=is_accounts) for event in batch]
    run_transaction(lambda: apply_batch(inbound))


def take_each(channel, *batch):
    """Apply events one by one, each in a transaction of its own."""
    for event in batch:
        take(channel, event)


MODELS = (Message, MessageUpdate, Conversation, Contact, ContactIdentity, Attachment, DomainEvent)


def rows():
    return [list(model.objects.order_by("id").values()) for model in MODELS]


def again(channel, *batch):
    """Apply what was applied before, together and apart: nothing may change."""
    before = rows()
    take(channel, *batch)
    take_each(channel, *batch)
    take_each(channel, *reversed(batch))
    assert rows() == before


def shown():
    """All messages as the API shows them, in the order of their conversations."""
    return messages_json(list(Message.objects.order_by("conversation_id", "seq")))


def the_message():
    (only,) = shown()
    return only


def the_conversation():
    return conversation_json(Conversation.objects.get())


def facts(*types):
    found = DomainEvent.objects.order_by("id").values_list("type", "data")
    return [data for type_, data in found if type_ in types]
