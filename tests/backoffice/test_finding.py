"""Finding a stuck message by whatever somebody has of it: its story, and nobody else's."""

import pytest
from django.urls import reverse

from kernel.clock import iso, now
from kernel.mongo.ids import new_id
from kernel.mongo.wire import wire_log
from kernel.scoping import tenant_scope
from messaging.models import Delivery, Message
from tests import factories
from tests.backoffice.arrivals import posted, wamid_
from tests.backoffice.conftest import audited, helper_of
from tests.explain import assert_indexed
from webhooks.models import WebhookEvent

FIND = reverse("admin:find")
MOST = 25


@pytest.fixture
def stuck(world):
    with factories.inside(world):
        wamid = wamid_()
        delivery, event = posted(factories.channel(), wamid=wamid)
    return wamid, delivery, event


@pytest.mark.parametrize("by", ["wamid", "raw delivery", "item", "number"])
def test_a_stuck_item_is_found_by_whatever_one_has(by, world, stuck, page):
    wamid, delivery, event = stuck
    terms = {"wamid": wamid, "raw delivery": delivery.pk, "item": event.pk, "number": "0 1001"}
    text = page.get(FIND, {"q": terms[by]}).text
    for shown in ("handler failed", "KeyError: order", "where is my parcel", delivery.pk, event.pk,
                  f"/admin/webhooks/webhookevent/{event.pk}/do/replay/"):  # fmt: skip
        assert shown in text, shown


def test_support_finds_it_reads_what_was_posted_and_replays_it(world, stuck, urls):
    """As a helper with a grant, from the number of a customer to the item that is ready again."""
    _, delivery, event = stuck
    client = helper_of(world)
    text = client.get(FIND, {"q": "5501001"}).text
    raw = f"/admin/webhooks/webhookdelivery/{delivery.pk}/change/?event={event.pk}"
    assert raw in text
    assert "where is my parcel" in client.get(raw).text
    client.post(urls(event, "replay"), {"reason": "bug 12 is fixed"})
    with tenant_scope(world.tenant):
        assert WebhookEvent.objects.get(pk=event.pk).state == "ready"
    (entry,) = audited(world, "webhook_event.replayed", event.pk)
    assert (entry.actor_kind, entry.reason) == ("staff", "bug 12 is fixed")
    for kind, id_ in (("webhookdelivery", delivery.pk), ("webhookevent", event.pk)):
        assert [e for e in audited(world, "staff.viewed", id_) if e.target_type == kind]


def test_a_message_tells_its_story_in_order(world, page):
    with factories.inside(world):
        channel = factories.channel()
        person = factories.contact(phone="5511955507777")
        factories.identity(person, value="5511955507777")
        talk = factories.conversation(on=channel, with_=person)
        wamid = wamid_()
        raw, event = posted(channel, wamid=wamid, phone="5511955507777")
        asked = factories.message(talk, seq=1, text="where is my parcel", external_id=wamid)
        answer, delivery = factories.outbound(talk, seq=2, text="on its way", sender_name="Ana")
        tries = [
            {"n": 1, "at": iso(now()), "outcome": "retry", "code": "131000", "detail": "try later"}
        ]
        Delivery.objects.filter(pk=delivery.pk).update(tries=tries, external_id="wamid.ours",
                                                       state="dead", reason="gave up")  # fmt: skip
    inbound = page.get(FIND, {"q": asked.pk}).text
    for term in (wamid, raw.pk, event.pk):
        assert "where is my parcel" in page.get(FIND, {"q": term}).text, term
    assert inbound.index("The provider posted it") < inbound.index("Message of")
    for term in (answer.pk, delivery.pk, "wamid.ours"):
        text = page.get(FIND, {"q": term}).text
        for shown in ("on its way", "Attempt 1", "131000 try later", "gave up", "do/replay/"):
            assert shown in text, (term, shown)
    by_number = page.get(FIND, {"q": "07777"}).text
    assert "on its way" in by_number and str(person) in by_number


def test_what_is_anothers_is_not_found_by_any_id(world, new_tenant, page):
    other = new_tenant("Other")
    with factories.inside(other):
        channel = factories.channel()
        person = factories.contact(phone="5511955502002", name="Secret Sally")
        factories.identity(person, value="5511955502002")
        talk = factories.conversation(on=channel, with_=person)
        wamid = wamid_()
        raw, event = posted(channel, wamid=wamid, phone="5511955502002")
        said = factories.message(talk, seq=1, text="Secret words", external_id=wamid)
        answer, delivery = factories.outbound(talk, seq=2, text="Secret answer")
    random = _shown(page, new_id())
    for term in (said.pk, answer.pk, delivery.pk, event.pk, raw.pk, talk.pk):
        assert _shown(page, term) == random, term
    for term in (wamid, "5511955502002", "2002"):
        text = page.get(FIND, {"q": term}).text
        assert "Nothing in this tenant" in text and "Secret" not in text, term
    assert not audited(other, "staff.viewed")


def _shown(page, term):
    return page.get(FIND, {"q": term}).text.replace(term, "").partition('id="content-main"')[2]


@pytest.mark.parametrize(
    "term", ["", "x", ".*", "$where", "\x00", "{}", "é" * 400, "<script>alert(1)</script>"]
)
def test_nonsense_finds_nothing_and_breaks_nothing(term, world, page):
    answer = page.get(FIND, {"q": term})
    assert answer.status_code == 200 and "<script>alert(1)" not in answer.text
    assert answer.context["found"].is_empty


def test_finding_reads_by_indexes_however_much_there_is(world, page):
    with factories.inside(world):
        channel = factories.channel()
        wamid = wamid_()
        _, event = posted(channel, wamid=wamid)
        talk = factories.conversation(on=channel)
        said = factories.message(talk, seq=1, external_id=wamid)
        people = [factories.contact() for _ in range(40)]
        for person in people:
            factories.identity(person)
        WebhookEvent.objects.bulk_create(
            [factories.any_row(WebhookEvent, channel=channel) for _ in range(60)]
        )
        Message.objects.bulk_create([
            factories.any_row(Message, channel=channel, conversation=talk, seq=n) for n in range(2, 60)])  # fmt: skip
        ends = factories.ContactIdentity.objects.filter(contact=people[0]).get().value[-6:]
    for term in (wamid, said.pk, event.pk, ends):
        page.get(FIND, {"q": term})
        with wire_log.record() as commands:
            assert page.get(FIND, {"q": term}).status_code == 200
        assert len(commands) <= MOST, [f"{c.name} {c.collection}" for c in commands]
        read = [c for c in commands if c.collection in {"messages", "webhook_events", "deliveries",
                "contact_identities", "contacts", "message_updates"}]  # fmt: skip
        assert_indexed(read, slack=25)


def test_a_number_is_known_from_its_end_however_it_was_written(world):
    from crm.selectors import contacts_by_last_digits
    from kernel.mongo.rows import insert_rows

    with factories.inside(world):
        one, other = factories.contact(), factories.contact()
        insert_rows([factories.ContactIdentity(contact=one, kind="wa_id", value="380445550102")])
        factories.identity(other, kind="igsid", value="not-a-number-0102")
        assert [c.pk for c in contacts_by_last_digits("50102", most=5)] == [one.pk]
        assert contacts_by_last_digits("50103", most=5) == []
