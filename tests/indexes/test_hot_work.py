"""What runs for each message and each turn of a worker is served by an index."""

from datetime import timedelta

from channels.holders import Owners
from channels.models import Channel, ChannelAddress
from channels.providers.events import Identity
from channels.selectors import template_named
from channels.services.template_listing import columns_of
from channels.services.templates import Look, _known, _write
from conversations.models import Conversation
from conversations.services.threads import _active, _reopened, quiet_conversations_for
from crm.models import Contact
from crm.selectors import identities_of
from crm.services.resolve import find_contacts
from kernel.clock import now
from kernel.events.feed import last_number, read_feed
from kernel.events.relay import wake_left_behind
from kernel.models import AuditEntry, DomainEvent, Lane, LaneMark
from kernel.mongo.doors import ObjectId, collection
from kernel.mongo.transactions import run_transaction
from kernel.mongo.wire import wire_log
from kernel.scoping.context import outside_scope, unscoped
from kernel.scoping.reasons import Reason
from kernel.work import lanes
from kernel.work.holders import free_the_dead
from kernel.work.items import lease_items
from messaging.ingest.echoes import without_own
from messaging.ingest.entries import kept_entry
from messaging.ingest.reading import read_up_to
from messaging.ingest.targets import find_targets
from messaging.ingest.updates import _store, adopt_orphans
from messaging.media.removal import _is_needed
from messaging.models import Attachment, Delivery, MessageUpdate
from tests.explain import assert_indexed, plans
from webhooks.models import WebhookDelivery, WebhookEvent

LIMIT = 50


def recorded(operation):
    with wire_log.record() as sent:
        result = operation()
    return result, sent


def indexed(operation, **options):
    """The result of an operation all of whose commands are served by indexes."""
    result, sent = recorded(operation)
    assert_indexed(sent, everything=True, **options)
    return result


def test_addresses_and_channels(shop):
    asked = [("phone_number_id", c.external["phone_number_id"]) for c in shop.channels]
    asked += [("phone_number_id", "nobody")]
    owners = indexed(lambda: Owners({(address, now()) for address in asked}), slack=1)
    assert sum(owners.of(address, now())[1] != "" for address in asked) == 3
    indexed(lambda: Channel.objects.in_bulk([c.pk for c in shop.channels]))
    indexed(lambda: ChannelAddress.objects.filter(replay_pending=True).first())
    assert template_named(shop.channels[0], "t5", "en_US") is not None
    indexed(lambda: template_named(shop.channels[0], "t5", "en_US"))
    indexed(lambda: _known(shop.channels[0]))
    entry = columns_of({"name": "t7", "language": "en_US", "status": "APPROVED"})
    look = Look(began=now(), is_first=False)
    indexed(lambda: _write(shop.channels[0], entry, look))


def test_known_contacts_are_found_by_identity(shop):
    wanted = [Identity(kind="wa_id", value=c.phone) for c in shop.contacts[:40]]
    wanted += [Identity(kind="wa_id", value=f"new{n}") for n in range(40)]
    assert len(indexed(lambda: find_contacts(wanted))) == 40
    assert len(indexed(lambda: identities_of([c.pk for c in shop.contacts[:40]]))) == 40


def test_active_conversations_are_found_among_many_closed_ones(shop):
    pairs = [(shop.channels[n % 3].pk, shop.contacts[n].pk) for n in range(100)]
    assert (
        len(indexed(lambda: _active([(shop.channels[0].pk, c.pk) for c in shop.contacts[:100]])))
        == 100
    )
    indexed(lambda: _active(pairs), slack=2)


def test_no_closed_conversation_is_read_to_learn_that_none_reopens(shop):
    """A contact may have been here a hundred times; only the newest matters."""
    pairs = [(shop.channels[0].pk, c.pk) for c in shop.contacts[:20]]
    found, sent = recorded(lambda: _reopened(pairs))
    assert found == {}
    (plan,) = plans([c for c in sent if c.collection == "conversations"])
    assert not {"COLLSCAN", "SORT"} & plan.stages, str(plan)
    assert plan.examined == 0, str(plan)


def test_stored_messages_and_their_updates_are_recognised(shop):
    ours = [(m.channel_id, m.external_id) for m in shop.messages[:60:2]]
    sent = [(m.channel_id, f"wamid.out.{m.pk}") for m in shop.messages[1:60:2]]
    found = indexed(lambda: find_targets([*ours, *sent, (shop.channels[0].pk, "wamid.unknown")]))
    assert len(found) == 60
    row = MessageUpdate.objects.first()
    repeated = MessageUpdate(channel_id=row.channel_id, key=row.key)
    assert recorded(lambda: _store([(repeated, None)]))[0] == []
    keys_ = [u.key for u in MessageUpdate.objects.order_by("id")[:30]]
    channels = {c.pk for c in shop.channels}
    where = {"channel__in": channels, "key__in": keys_}
    assert len(indexed(lambda: list(MessageUpdate.objects.filter(**where)))) == 30
    unknown = (shop.channels[0].pk, "wamid.unknown")
    assert indexed(lambda: adopt_orphans({unknown: ("x", "y")}, beside=[unknown])) == ([], set())


def test_known_items_of_the_ledger_are_recognised(shop):
    where = {
        "channel__in": [shop.channels[0].pk],
        "event_key__in": [f"msg:{n}" for n in range(200)],
    }
    assert len(indexed(lambda: list(WebhookEvent.objects.filter(**where)))) == 200


def test_raw_deliveries_that_are_new_or_wait_for_an_address(shop):
    with outside_scope():
        WebhookDelivery.objects.create(source="meta", body=b"{}", received_at=now())
        news = WebhookDelivery.objects.filter(state="new")
        assert len(indexed(lambda: list(news.order_by("id")[:200]))) >= 1
        assert indexed(lambda: news.exists())
        raw = collection(WebhookDelivery)
        where = {"parked": "phone_number_id:70"}
        assert (
            len(indexed(lambda: list(raw.find(where, {"_id": 1}).sort("_id", 1).limit(200)))) == 1
        )
        news.delete()


def test_claiming_costs_the_same_whatever_number_of_lanes_is_idle(shop, idle_lanes):
    """Also when none is due, which is what an idle worker asks all day."""
    for operation in (lambda: lanes.claim("index-test", 5), lambda: lanes.is_due("index-test")):
        result, sent = recorded(operation)
        assert not result
        (plan,) = plans(sent)
        assert not {"COLLSCAN", "SORT"} & plan.stages, str(plan)
        assert plan.examined + plan.keys <= 3, str(plan)


def test_claiming_reads_one_lane_when_many_are_due(shop, idle_lanes):
    Lane.objects.filter(kind="index-test", key__startswith="x:1").update(
        due_at=now() - timedelta(minutes=1)
    )
    result, sent = recorded(lambda: lanes.claim("index-test", 5))
    assert result is not None
    (plan,) = plans(sent)
    assert plan.examined <= 2, str(plan)
    more, sent = recorded(lambda: lanes.claim_more(result, 20))
    assert len(more) == 20
    for plan in plans(sent):
        assert not {"COLLSCAN", "SORT"} & plan.stages, str(plan)
        assert plan.examined <= 2 * 20 + 1, str(plan)
    Lane.objects.filter(kind="index-test").update(due_at=lanes.NEVER)
    none, sent = recorded(lambda: lanes.claim_more(result, 20))
    assert none == []
    assert all(p.examined + p.keys <= 3 for p in plans(sent)), [str(p) for p in plans(sent)]


def test_waking_holding_and_freeing_lanes(shop, idle_lanes):
    row = {"_id": None, "kind": "index-test", "key": "x:9", "tenant_id": "", "due_at": lanes.NEVER}
    indexed(lambda: lanes.fold([row]), slack=1)
    indexed(lambda: lanes.release_held("nothing", tenant_id=shop.world.tenant.pk))
    old = {"created_at": {"$lt": now() - timedelta(seconds=2)}}
    indexed(lambda: list(collection(LaneMark).find(old, limit=1000)))
    with outside_scope(), unscoped(Reason.SWEEP_WORK):
        _, sent = recorded(wake_left_behind)
    looks = [plan for plan in plans(sent) if plan.command.name == "find"]
    assert len(looks) >= 2
    for plan in looks:
        assert not {"COLLSCAN", "SORT"} & plan.stages, str(plan)
        assert plan.examined <= 1, str(plan)
        # A tenant that has only fresh events costs two keys on the way to the next old one.
        assert plan.keys <= 12, str(plan)
    found, sent = recorded(lambda: free_the_dead())
    assert all("COLLSCAN" not in p.stages and p.examined <= 10 for p in plans(sent)), found


def test_the_next_items_of_a_lane_are_read_past_those_that_are_done(shop, monkeypatch):
    lease = lanes.Lease(
        id=None, kind="ingest", key=f"{shop.world.tenant.pk}:slot:3", tenant_id=shop.world.tenant.pk,
        fence=5, rev=0, held="", lease_s=20,
    )  # fmt: skip
    monkeypatch.setattr(lanes.Lease, "renew", lambda _: None)
    batch = indexed(lambda: lease_items(WebhookEvent, lease, 50))
    assert len(batch.items) == 50
    assert (
        indexed(
            lambda: list(
                Delivery.objects.filter(lane="conversation:x", open=True).order_by("id")[:2]
            )
        )
        == []
    )


def test_the_relay_finds_what_is_new_among_what_is_numbered(shop):
    new = indexed(lambda: list(DomainEvent.objects.filter(number=0).order_by("id")[:500]))
    assert len(new) >= 20
    entries = indexed(lambda: list(AuditEntry.objects.filter(seq=0).order_by("seq", "id")[:500]))
    assert len(entries) >= 20
    assert len(indexed(lambda: read_feed(after=1_000_500, limit=100))) == 100
    indexed(last_number)
    chain = AuditEntry.objects.filter(seq__gt=0).order_by("seq")
    assert len(indexed(lambda: list(chain[:500]))) == 500
    assert len(indexed(lambda: list(AuditEntry.objects.order_by("-seq")[:50]))) == 50


def test_the_edge_finds_a_channels_own_secret_by_index(shop):
    from django.db import connection

    found = connection.database.command(
        "explain",
        {"find": "channel_credentials", "filter": {"channel_id": ObjectId("0" * 24)}},
    )
    plan = repr(found["queryPlanner"]["winningPlan"])
    assert "IXSCAN" in plan
    assert "COLLSCAN" not in plan


def test_what_an_echo_and_a_read_mark_look_for_is_found_by_indexes(shop):
    message = shop.messages[0]
    talk = Conversation.objects.get(pk=message.conversation_id)
    channel, contact = (
        Channel.objects.get(pk=talk.channel_id),
        Contact.objects.get(pk=talk.contact_id),
    )
    echo = kept_entry(channel, contact, {"type": "text", "text": "x", "content": {}, "media": [],
                                         "app_id": "", "forwarded": False, "error": None,
                                         "reply_to_external_id": "", "external_id": "e"}, None)  # fmt: skip
    assert indexed(lambda: without_own([echo])) == [echo]
    row = MessageUpdate(channel_id=channel.pk, kind="read_to", external_id=message.external_id)
    target = (message.pk, message.conversation_id)
    indexed(lambda: run_transaction(lambda: read_up_to([(row, target)])), slack=2)
    indexed(lambda: quiet_conversations_for([(channel, contact)], make=False))
    file = Attachment.objects.exclude(message_id="").first()
    indexed(lambda: _is_needed(Attachment(pk=file.pk, path="t/media/00/0")))
