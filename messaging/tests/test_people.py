"""New numbers, names from the address book, wishes: one person stays one contact, and nothing of theirs is lost."""

import pytest

from channels.providers import events
from channels.providers.events import Identity, Person
from conversations.models import Conversation
from crm.api.representations import one_contact_json
from crm.models import Contact, ContactIdentity
from kernel.models import AuditEntry
from messaging.models import Message
from messaging.services.outgoing import recipients
from messaging.tests.arriving import (
    NOA,
    NOW,
    again,
    at,
    facts,
    person,
    rows,
    shown,
    take,
    take_each,
    wrote,
)
from messaging.tests.instagram import ig_receive, ig_text
from tests import factories
from tests.simulator import CUSTOMER

NEW = "972509999999"
NEWEST = "972508888888"


def changed(previous=NOA, current=None, seconds=1, text="Noa has a new number"):
    current = current or person(NEW, phone=NEW)
    return events.IdentityChanged(
        previous=previous, current=current, text=text, provider_at=at(seconds)
    )


def addresses(contact):
    return [identity.value for identity in recipients(contact.pk)]


def test_a_new_number_is_the_same_persons_and_is_written_to_first(shop):
    change = changed()
    take(shop.channel, change)
    contact = Contact.objects.get()
    assert (contact.pk, contact.phone) == (shop.contact.pk, NEW)
    assert addresses(contact) == [NEW, CUSTOMER]
    notice = shown()[0]
    assert (notice["type"], notice["text"], notice["sender"]["kind"], notice["status"]) == (
        "system", "Noa has a new number", "system", None,
    )  # fmt: skip
    talk = Conversation.objects.get()
    assert (talk.unread_count, talk.waiting_since, talk.last_inbound_at) == (0, None, None)
    take(shop.channel, wrote("it is me", of=person(NEW)))
    assert (Contact.objects.count(), Conversation.objects.count()) == (1, 1)
    assert [f["contact_id"] for f in facts("contact.identity_changed")] == [contact.pk]
    again(shop.channel, change)
    shown_ids = one_contact_json(contact)["identities"]
    assert {i["value"]: i["retired"] for i in shown_ids} == {CUSTOMER: True, NEW: False}


def test_the_same_change_told_in_two_ways_is_shown_once(shop):
    take(shop.channel, changed(), changed(seconds=2, text="told again"))
    assert [m["text"] for m in shown()] == ["Noa has a new number"]


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("taking", [take, take_each])
def test_two_changes_come_to_the_same_in_both_orders(shop, backwards, taking):
    one = changed(seconds=1)
    two = changed(person(NEW), person(NEWEST, phone=NEWEST), seconds=2)
    taking(shop.channel, *((two, one) if backwards else (one, two)))
    kept = Contact.objects.get(merged_into_id="")
    assert kept.pk == shop.contact.pk
    assert kept.phone == NEWEST
    assert addresses(kept)[0] == NEWEST
    assert set(addresses(kept)) == {CUSTOMER, NEW, NEWEST}
    again(shop.channel, one, two)


def test_two_contacts_who_turn_out_to_be_one_are_merged_into_the_older(shop):
    take(shop.channel, wrote("from the new number", of=person(NEW, name="Noa L.")))
    older, newer = Contact.objects.order_by("id")
    Contact.objects.filter(pk=newer.pk).update(
        email="noa@example.test", attributes={"tier": "gold"}
    )
    talks = set(Conversation.objects.values_list("pk", flat=True))
    change = changed()
    take(shop.channel, change)
    older, newer = Contact.objects.order_by("id")
    assert (older.name, older.email, older.attributes) == (
        "Noa",
        "noa@example.test",
        {"tier": "gold"},
    )
    assert newer.merged_into_id == older.pk
    assert one_contact_json(newer)["merged_into_id"] == older.pk
    assert set(ContactIdentity.objects.values_list("contact_id", flat=True)) == {older.pk}
    moved = Conversation.objects.all()
    assert {c.pk for c in moved} == talks
    assert {c.contact_id for c in moved} == {older.pk}
    assert Conversation.objects.filter(active=True).count() == 1
    assert [f["merged_id"] for f in facts("contact.merged")] == [newer.pk]
    assert AuditEntry.objects.filter(action="contact.merged").count() == 1
    again(shop.channel, change)


def test_of_two_open_conversations_the_livelier_goes_on_and_nothing_unread_is_lost(shop):
    take(shop.channel, wrote("old number"))
    take(shop.channel, wrote("new number", of=person(NEW)))
    earlier, later = Conversation.objects.order_by("last_activity_at")
    take(shop.channel, changed())
    earlier, later = (Conversation.objects.get(pk=c.pk) for c in (earlier, later))
    assert (earlier.status, earlier.active, earlier.unread) == ("closed", False, True)
    assert (later.status, later.active, later.unread) == ("open", True, True)
    assert later.waiting_since < later.last_inbound_at
    take(shop.channel, wrote("and again", of=person(NEW)))
    assert Conversation.objects.get(pk=later.pk).unread_count == 2
    assert Message.objects.filter(type="text").count() == 3


def test_conversations_on_other_channels_stay_open(shop):
    other = factories.channel()
    take(other, wrote("elsewhere", of=person(NEW)))
    take(shop.channel, changed())
    assert Conversation.objects.filter(active=True, contact=shop.contact).count() == 2


def test_a_person_whom_nobody_knows_is_known_by_both_names_afterwards(world):
    with factories.inside(world):
        channel = factories.channel()
        take(channel, changed())
        assert Message.objects.count() == Conversation.objects.count() == 0
        take(channel, wrote("a", of=NOA), wrote("b", of=person(NEW)))
        assert Contact.objects.count() == Conversation.objects.count() == 1


def test_a_message_of_the_new_number_in_the_same_batch_is_the_same_persons(shop):
    take(shop.channel, wrote("before"), changed(), wrote("after", of=person(NEW)))
    assert [m["text"] for m in shown()] == ["before", "Noa has a new number", "after"]
    assert Contact.objects.count() == 1


def test_identities_that_both_have_are_not_given_up(shop):
    user = Identity(kind="bsuid", value="IL.1")
    before = Person(identities=(Identity(kind="wa_id", value=CUSTOMER), user))
    after = Person(identities=(Identity(kind="wa_id", value=NEW), user))
    take(shop.channel, changed(before, after))
    retired = set(ContactIdentity.objects.filter(retired=True).values_list("value", flat=True))
    assert retired == {CUSTOMER}


# ------------------------------------------------------------------ names


def noted(name, of="972500000009", **more):
    return events.ContactNoted(person=person(of, name=name), provider_at=at(), **more)


def test_the_address_book_names_who_has_no_name(shop):
    take(shop.channel, wrote("hi", of=person("972500000009")))
    book = noted("Lea C")
    take(shop.channel, book, noted("Not Noa", of=CUSTOMER))
    assert sorted(Contact.objects.values_list("name", flat=True)) == ["Lea C", "Noa"]
    again(shop.channel, book)


def test_the_name_of_somebody_who_has_not_written_yet_is_kept_for_them(shop):
    take_each(shop.channel, noted("Lea C"), wrote("hi", of=person("972500000009")))
    lea = Contact.objects.get(name="Lea C")
    assert lea.last_seen_at is None
    assert Conversation.objects.filter(contact=lea, contact_name="Lea C").count() == 1


def test_who_is_taken_off_the_address_book_stays(shop):
    take(shop.channel, noted("Lea C"))
    before = rows()
    take(shop.channel, noted("", is_removed=True), noted("", of="972500000001", is_removed=True))
    assert rows() == before


# ------------------------------------------------------------------ wishes


def wish(is_wanted, seconds, category="marketing", **more):
    return events.PreferenceChanged(person=NOA, category=category, is_wanted=is_wanted,
                                    **{"provider_at": at(seconds), **more})  # fmt: skip


def wanted(category="marketing"):
    return Contact.objects.get().preferences[category]["is_wanted"]


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("taking", [take, take_each])
def test_the_newest_word_counts_by_the_providers_clock(shop, backwards, taking):
    batch = [wish(False, 1), wish(True, 2), wish(False, 3, "updates")]
    taking(shop.channel, *(batch[::-1] if backwards else batch))
    assert (wanted(), wanted("updates")) == (True, False)
    kept = one_contact_json(Contact.objects.get())["preferences"]["marketing"]
    assert kept["source"] == "whatsapp"
    assert kept["at"].startswith(at(2).isoformat()[:19])
    again(shop.channel, *batch)


@pytest.mark.parametrize("backwards", [False, True])
def test_of_two_words_of_one_moment_no_counts(shop, backwards):
    batch = [wish(True, 1), wish(False, 1)]
    take_each(shop.channel, *(batch[::-1] if backwards else batch))
    assert wanted() is False


def test_a_word_without_a_time_counts_only_if_it_is_no(shop):
    take(shop.channel, wish(False, 1), wish(True, 0, provider_at=None))
    assert wanted() is False
    take(shop.channel, wish(True, 2))
    stop = wish(False, 0, provider_at=None)
    take(shop.channel, stop)
    assert wanted() is False
    again(shop.channel, stop)
    take(shop.channel, wish(True, 3))
    assert wanted() is True


def test_a_wish_is_told_and_audited_without_what_is_personal(shop):
    take(shop.channel, wish(False, 1))
    (fact,) = facts("contact.preference_changed")
    assert fact == {"contact_id": shop.contact.pk, "category": "marketing", "is_wanted": False}
    entry = AuditEntry.objects.get(action="contact.preference_changed")
    assert entry.changes == {"preferences.marketing": [None, False]}


def test_a_category_may_be_named_anything(shop):
    take(shop.channel, wish(False, 1, "a.b$c"), wish(False, 1, ""))
    assert set(Contact.objects.get().preferences) == {"a_b_c", "all"}
    assert at() >= NOW


def test_who_shows_nothing_of_themselves_is_called_by_no_id(gram, talk):
    stranger = "955667788990"
    ig_receive(gram.channel, ig_text(gram.channel, stranger, "hi"))
    contact = Contact.objects.exclude(name="Dana").get()
    talk = Conversation.objects.get(contact=contact)
    assert talk.contact_name == shown_name(contact) == f"Customer {contact.pk[-6:].upper()}"
    assert contact.pk not in talk.contact_name
    assert stranger not in talk.contact_name


def shown_name(contact):
    return Message.objects.get(sender_id=contact.pk).sender_name
