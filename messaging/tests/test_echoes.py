"""What the business wrote with another tool is in the conversation, and wakes nobody."""

from conversations.models import Conversation
from crm.models import Contact
from messaging.tests.arriving import (
    NOA,
    again,
    at,
    echo,
    facts,
    mid,
    person,
    shown,
    take,
    the_conversation,
    the_message,
    wrote,
)


def texts():
    return [message["text"] for message in shown()]


def test_what_was_written_elsewhere_is_an_outbound_message_and_wakes_nobody(shop):
    before = Conversation.objects.get()
    said = echo("from the phone")
    take(shop.channel, said)
    message = the_message()
    assert (message["direction"], message["sender"]["kind"], message["status"]) == (
        "outbound", "elsewhere", "sent",
    )  # fmt: skip
    assert (message["text"], message["external_id"]) == ("from the phone", said.external_id)
    after = Conversation.objects.get()
    assert (after.unread_count, after.unread, after.waiting_since) == (0, False, None)
    assert after.window_until == before.window_until
    assert after.last_inbound_at == before.last_inbound_at
    assert after.last_activity_at > before.last_activity_at
    assert after.last_message["preview"] == "from the phone"
    assert [f["message_id"] for f in facts("message.sent_elsewhere")] == [message["id"]]
    assert facts("message.received") == []
    again(shop.channel, said)


def test_an_echo_to_somebody_new_begins_a_conversation_whose_window_is_shut(shop):
    take(shop.channel, echo(to=person("972500000009", name="Lea")))
    talk = Conversation.objects.exclude(pk=shop.conversation.pk).get()
    assert (talk.status, talk.window_until, talk.contact_name) == ("open", None, "Lea")
    assert Contact.objects.get(pk=talk.contact_id).last_seen_at is None


def test_an_answer_from_elsewhere_ends_the_waiting(shop):
    take(shop.channel, wrote("anyone?"))
    assert the_conversation()["unread_count"] == 1
    take(shop.channel, echo("yes", provider_at=at(3600)))
    talk = the_conversation()
    assert (talk["unread_count"], talk["waiting_since"]) == (0, None)


def test_an_echo_that_is_older_than_what_the_customer_wrote_answers_nothing(shop):
    take(shop.channel, wrote("anyone?"))
    waiting = the_conversation()["waiting_since"]
    take(shop.channel, echo("earlier", provider_at=at(-3600)), wrote("hello?"))
    talk = the_conversation()
    assert (talk["unread_count"], talk["waiting_since"]) == (2, waiting)


def test_the_order_of_a_batch_is_the_order_of_the_messages(shop):
    take(shop.channel, wrote("1"), echo("2"), wrote("3"), echo("4"))
    assert texts() == ["1", "2", "3", "4"]
    assert the_conversation()["last_message"]["direction"] == "outbound"


def test_statuses_of_what_was_written_elsewhere_are_its_own(shop):
    from channels.providers.events import StatusUpdate

    name = mid()
    read = StatusUpdate(external_id=name, status="read", provider_at=at())
    take(shop.channel, read)
    said = echo(id_=name)
    take(shop.channel, said)
    assert the_message()["status"] == "read"
    assert [f["status"] for f in facts("message.status_changed")] == ["read"]
    again(shop.channel, said, read)


def test_the_same_persons_name_is_not_made_up_by_an_echo(shop):
    take(shop.channel, echo(to=NOA))
    assert Conversation.objects.get().contact_id == shop.contact.pk
