"""One data set for all index tests, large enough that a scan shows: two tenants, alike."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from channels.models import Channel, ChannelAddress
from kernel.clock import LONG_AGO, NEVER, now
from kernel.events import relay
from kernel.models import (
    AuditEntry,
    DomainEvent,
    FeedState,
    IdempotencyKey,
    Lane,
    LaneMark,
    Reaction,
)
from kernel.mongo.doors import collection, new_object_id, owner
from kernel.mongo.ids import new_id
from messaging.models import MessageUpdate
from tenants.models import ApiKey, Team
from tests.factories import (
    Attachment,
    Contact,
    ContactIdentity,
    Conversation,
    Delivery,
    Message,
    channel,
    digits,
    inside,
    new_world,
    person,
    template,
)
from webhooks.models import WebhookDelivery, WebhookEvent

CONVERSATIONS, MESSAGES, ITEMS, LANES = 3_000, 3_000, 2_000, 2_000
STATUSES = ("open", "pending", "closed")


@dataclass
class Big:
    """A tenant with much in it, and some of what is in it."""

    world: Any
    channels: list[Channel]
    teams: list[Team]
    contacts: list[Contact]
    conversations: list[Conversation]
    messages: list[Message]
    key: ApiKey


@pytest.fixture(scope="session")
def big(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        made = [_fill(1), _fill(10)]
        _fill_global()
        yield made[0]
        LaneMark.objects.filter(kind="index-test").delete()


@pytest.fixture
def shop(big):
    """Inside the large tenant, as its owner."""
    with inside(big.world):
        yield big


@pytest.fixture
def idle_lanes(big):
    """Other tests clear all lanes, so these are made for each test that asks."""
    collection(Lane).insert_many([
        {"kind": "index-test", "key": f"x:{n}", "tenant_id": big.world.tenant.pk, "fence": 1, "rev": 1, "held": "",
         "holder": "", "lease_until": LONG_AGO, "due_at": NEVER} for n in range(LANES)
    ])  # fmt: skip
    yield
    Lane.objects.filter(kind="index-test").delete()


def _fill(part: int) -> Big:
    world = new_world()
    with inside(world):
        channels = [channel() for _ in range(3)]
        teams = [Team.objects.create(name=f"Team {n}") for n in range(8)]
        contacts = _contacts(CONVERSATIONS // part)
        conversations = _conversations(world, channels, teams, contacts)
        messages = _messages(conversations, MESSAGES // part)
        _around(messages, conversations)
        _work(channels[0])
        _platform()
        key = ApiKey.objects.create(name="k", digest="d", created_by=world.owner)
        for n in range(300):
            template(channels[0], name=f"t{n}")
        return Big(world, channels, teams, contacts, conversations, messages, key)


def _contacts(count: int) -> list[Contact]:
    rows = [Contact(name=f"c{n}", phone=digits()) for n in range(count)]
    Contact.objects.bulk_create(rows)
    ContactIdentity.objects.bulk_create(
        ContactIdentity(contact=c, kind="wa_id", value=c.phone) for c in rows
    )
    return rows


def _conversations(
    world: Any, channels: list[Channel], teams: list[Team], contacts: list[Contact]
) -> list[Conversation]:
    """The first hundred contacts have eleven conversations each, ten of them closed long ago.

    A quarter has no team; the teams 0 and 4 have none.
    """
    at, rows = now(), []
    pairs = [(c, False) for c in contacts[100:]] + [(c, True) for c in contacts[:100]]
    pairs += [(c, False) for c in contacts[:100] for _ in range(10)]
    for n, (contact, active) in enumerate(pairs):
        status = (
            STATUSES[n // 3 % 3] if n < len(contacts) - 100 else ("open" if active else "closed")
        )
        rows.append(Conversation(
            number=n + 1, channel=channels[n % 3] if n < len(contacts) - 100 else channels[0],
            channel_kind="whatsapp", contact=contact,
            contact_name=contact.name, status=status, active=status != "closed",
            assignee=world.owner if n % 7 == 0 else None, team=teams[n % 8] if n % 4 else None, unread=n % 5 == 0,
            last_activity_at=at - timedelta(seconds=n // 3), message_count=5,
            closed_at=at - timedelta(days=30) if status == "closed" else None,
        ))  # fmt: skip
    Conversation.objects.bulk_create(rows)
    return rows


def _messages(conversations: list[Conversation], count: int) -> list[Message]:
    """Half of them in one long conversation, the rest spread."""
    rows = []
    for n in range(count):
        of = conversations[0] if n < count // 2 else conversations[n % 200]
        rows.append(Message(
            conversation=of, channel=of.channel, seq=n + 1, type="text", text="hello",
            direction="outbound" if n % 2 else "inbound", external_id=f"wamid.{new_id()}",
            sender_kind="contact", attachment_count=1 if n % 10 == 0 else 0,
        ))  # fmt: skip
    Message.objects.bulk_create(rows)
    return rows


def _around(messages: list[Message], conversations: list[Conversation]) -> None:
    sent = [m for m in messages if m.direction == "outbound"]
    MessageUpdate.objects.bulk_create(
        MessageUpdate(channel=m.channel, message_id=m.pk, external_id=f"wamid.out.{m.pk}",
                      key=f"st:{m.pk}:{status}", kind="status", status=status)
        for m in sent for status in ("accepted", "delivered")
    )  # fmt: skip
    Delivery.objects.bulk_create(
        Delivery(lane=f"conversation:{m.conversation_id}", message=m, conversation=m.conversation,
                 channel=m.channel, external_id=f"wamid.out.{m.pk}", state="done", open=False,
                 outcome="accepted")
        for m in sent
    )  # fmt: skip
    Attachment.objects.bulk_create(
        Attachment(lane=m.pk, message_id=m.pk, kind="image", state="done", open=False)
        for m in messages if m.attachment_count
    )  # fmt: skip


def _work(on: Channel) -> None:
    """Items that are done, and a lane with some that wait."""
    states = ("done", "done", "dead", "parked")
    WebhookEvent.objects.bulk_create(
        WebhookEvent(channel=on, event_key=f"msg:{n}", delivery_id=new_id(), position=0, field="messages",
                     body={}, received_at=now(), lane=f"slot:{n % 16}", state=states[n % 4],
                     open=n % 4 == 3)
        for n in range(ITEMS)
    )  # fmt: skip


def _platform() -> None:
    at = now()
    relay_state = collection(FeedState).find_one({**owner()})
    assert relay_state is None or relay_state["last_number"] >= 0
    collection(DomainEvent).insert_many([
        {"_id": new_object_id(), **owner(), "number": 1_000_000 + n if n < ITEMS else 0, "type": "t", "data": {},
         "actor": {}, "occurred_at": at} for n in range(ITEMS + 20)
    ])  # fmt: skip
    collection(AuditEntry).insert_many([
        {"_id": new_object_id(), **owner(), "seq": 1_000_000 + n if n < ITEMS else 0, "action": "a.b",
         "actor_kind": "system", "target_type": "t", "changes": {}, "occurred_at": at}
        for n in range(ITEMS + 20)
    ])  # fmt: skip
    collection(IdempotencyKey).insert_many([
        {"_id": new_object_id(), **owner(), "key": f"k{n}", "fingerprint": "f", "state": "answered",
         "lease_until": at, "expires_at": at + timedelta(hours=n + 1), "created_at": at} for n in range(ITEMS)
    ])  # fmt: skip
    event = DomainEvent.objects.order_by("number").first()
    assert event is not None
    collection(Reaction).insert_many([
        {**relay._reaction(event, f"s{n}"), "state": "done", "open": False} for n in range(300)
    ])  # fmt: skip


def _fill_global() -> None:
    """Marks that are young, deliveries that are done, addresses and people of others."""
    at = now()
    collection(LaneMark).insert_many([
        {"kind": "index-test", "key": f"x:{n}", "tenant_id": "", "due_at": at,
         "created_at": at + timedelta(hours=1)} for n in range(ITEMS)
    ])  # fmt: skip
    collection(WebhookDelivery).insert_many([
        {"_id": new_object_id(), "source": "meta", "body": b"{}", "received_at": at, "state": "done", "account": {}, "problems": [],
         "parked": [f"phone_number_id:{n}"] if n % 10 == 0 else []} for n in range(ITEMS)
    ])  # fmt: skip
    ChannelAddress.objects.bulk_create(
        ChannelAddress(kind="phone_number_id", value=f"other-{n}", tenant_id="0" * 24, channel_id=new_id(),
                       replay_pending=False) for n in range(ITEMS)
    )  # fmt: skip
    for _ in range(50):
        person()
