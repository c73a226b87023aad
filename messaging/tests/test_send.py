"""Sending is one transaction: everything of it, or nothing."""

import threading
from datetime import timedelta

import pytest

from conversations.errors import ConversationNotFound
from conversations.models import Conversation
from kernel import idempotency
from kernel.clock import now
from kernel.models import AuditEntry, DomainEvent, IdempotencyKey, Lane
from kernel.mongo.doors import hasty
from kernel.scoping import tenant_scope
from kernel.scoping.context import outside_scope
from messaging.errors import (
    ConversationIsClosed,
    ConversationMovedOn,
    InvalidMessageBody,
    MessageNotFound,
    TemplateUnknown,
    WindowClosed,
)
from messaging.models import Delivery, Message
from messaging.selectors import shown
from messaging.services.drafts import Draft
from messaging.services.send import send_message
from tenants.access import acting
from tenants.errors import PermissionDenied
from tests import factories
from tests.failpoints import fail_command

HELLO = Draft(type="text", text="hello")


def send(shop, draft=HELLO, **more):
    return send_message(conversation_id=shop.conversation.pk, draft=draft, **more)


def everything():
    """All that a send could have changed."""
    return (
        list(Message.objects.order_by("id").values()), list(Delivery.objects.order_by("id").values()),
        list(Conversation.objects.order_by("id").values()), AuditEntry.objects.count(),
        DomainEvent.objects.count(), sorted(row["key"] for row in hasty(Lane).find({"kind": "send"})),
    )  # fmt: skip


class unchanged:
    def __enter__(self):
        self.before = everything()

    def __exit__(self, *error):
        if error == (None, None, None):
            assert everything() == self.before


def refused(error, operation):
    with unchanged(), pytest.raises(error) as caught:
        operation()
    return caught.value


def test_a_send_writes_message_delivery_summary_event_and_audit(shop):
    before = AuditEntry.objects.count()
    message = send(shop)
    delivery = Delivery.objects.get()
    assert (message.direction, message.seq, message.text) == ("outbound", 1, "hello")
    assert (message.sender_kind, message.sender_id) == ("agent", shop.owner.pk)
    assert (delivery.message_id, delivery.lane) == (
        message.pk,
        f"conversation:{shop.conversation.pk}",
    )
    assert (delivery.state, delivery.outcome, delivery.tries) == ("ready", "queued", [])
    conversation = Conversation.objects.get()
    assert (conversation.message_count, conversation.last_message["id"]) == (1, message.pk)
    assert AuditEntry.objects.count() == before + 1
    assert AuditEntry.objects.get(action="message.sent").target_id == message.pk
    assert DomainEvent.objects.get(type="message.queued").data["message_id"] == message.pk
    assert hasty(Lane).count_documents({"kind": "send"}) == 1
    assert shown([message])[0].state.status == "queued"


def test_a_closed_window_refuses_all_but_templates_and_says_until_when_it_was_open(shop):
    ended = now() - timedelta(minutes=1)
    Conversation.objects.update(window_until=ended)
    error = refused(WindowClosed, lambda: send(shop))
    assert error.data["allowed"] == ["template"]
    assert error.data["until"].startswith(ended.strftime("%Y-%m-%dT%H:%M"))
    factories.template(shop.channel, name="hello", components=[{"type": "BODY", "text": "Hello"}])
    draft = Draft(type="template", body={"name": "hello", "language": "en_US"})
    assert send(shop, draft).type == "template"


def test_a_conversation_where_nobody_wrote_takes_templates_only(shop):
    Conversation.objects.update(window_until=None)
    assert refused(WindowClosed, lambda: send(shop)).data["until"] is None


def test_the_permission_is_that_of_the_type(shop):
    with acting(factories.principal(shop, "viewer")):
        assert refused(PermissionDenied, lambda: send(shop)).data["missing"] == ["messages:send"]
        template = Draft(type="template", body={"name": "x", "language": "en"})
        missing = refused(PermissionDenied, lambda: send(shop, template)).data["missing"]
        assert missing == ["messages:send_template"]


def test_a_template_is_checked_before_any_call(shop):
    unknown = Draft(type="template", body={"name": "none", "language": "en_US"})
    refused(TemplateUnknown, lambda: send(shop, unknown))
    factories.template(shop.channel, name="two", components=[
        {"type": "BODY", "text": "Hi {{1}}, order {{2}}", "example": {"body_text": [["a", "b"]]}}])  # fmt: skip
    short = Draft(type="template", body={"name": "two", "language": "en_US", "body": ["Noa"]})
    error = refused(InvalidMessageBody, lambda: send(shop, short))
    assert error.errors[0]["field"].startswith("template")
    full = Draft(type="template", body={"name": "two", "language": "en_US", "body": ["Noa", "7"]})
    assert send(shop, full).content["expected"]


def test_limits_are_named(shop):
    error = refused(InvalidMessageBody, lambda: send(shop, Draft(type="text", text="x" * 4097)))
    assert error.data["limit"] == 4096
    assert send(shop, Draft(type="text", text="x" * 4096)).pk
    refused(InvalidMessageBody, lambda: send(shop, Draft(type="text", text="")))


def test_a_conversation_that_moved_on_refuses_the_answer_to_what_is_no_longer_last(shop):
    first = send(shop)
    second = send(shop, expected_last_message_id=first.pk)
    error = refused(ConversationMovedOn, lambda: send(shop, expected_last_message_id=first.pk))
    assert error.data == {"last_message_id": second.pk}
    assert send(shop, expected_last_message_id=second.pk).seq == 3


def test_sending_on_a_closed_conversation_opens_it_unless_another_is_open(shop):
    Conversation.objects.update(status="closed", active=False, closed_at=now())
    send(shop)
    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.active, conversation.closed_at) == (
        "open",
        True,
        None,
    )
    Conversation.objects.update(status="closed", active=False, closed_at=now())
    factories.conversation(on=shop.channel, with_=shop.contact)
    refused(ConversationIsClosed, lambda: send(shop))


def test_what_belongs_to_another_tenant_is_not_there(shop, new_tenant):
    with outside_scope():
        other = new_tenant()
        with factories.inside(other):
            theirs = factories.conversation()
            their_message = factories.message(theirs)
    refused(ConversationNotFound, lambda: send_message(conversation_id=theirs.pk, draft=HELLO))
    reply = Draft(type="text", text="x", reply_to_id=their_message.pk)
    refused(MessageNotFound, lambda: send(shop, reply))
    react = Draft(type="reaction", body={"message_id": their_message.pk, "emoji": "👍"})
    refused(MessageNotFound, lambda: send(shop, react))
    with outside_scope(), tenant_scope(other.tenant):
        assert Message.objects.count() == 1


def test_a_failed_statement_leaves_nothing_behind(shop):
    with fail_command("insert", times=1, errorCode=8000), unchanged(), pytest.raises(Exception):
        send(shop)


def test_an_election_in_the_middle_sends_once(shop):
    labels = ["TransientTransactionError"]
    with fail_command("commitTransaction", times=2, errorCode=251, errorLabels=labels):
        send(shop)
    assert (Message.objects.count(), Delivery.objects.count()) == (1, 1)
    assert Conversation.objects.get().message_count == 1


def test_the_idempotency_key_is_marked_in_the_same_transaction(shop):
    row = idempotency.begin("key", "p", "print")
    with idempotency.bound(row):
        message = send(shop)
    kept = IdempotencyKey.objects.get(pk=row)
    assert (kept.state, kept.body) == ("committed", message.pk)
    second = idempotency.begin("key2", "p", "print")
    Conversation.objects.update(window_until=None)
    with idempotency.bound(second), pytest.raises(WindowClosed):
        send(shop)
    assert IdempotencyKey.objects.get(pk=second).state == "running"


def test_numbers_stay_gapless_when_many_send_at_once(shop):
    failures = []

    def run():
        with factories.inside(shop):
            for _ in range(4):
                try:
                    send(shop)
                except Exception as error:
                    failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert failures == []
    assert sorted(Message.objects.values_list("seq", flat=True)) == list(range(1, 17))
    assert Conversation.objects.get().message_count == 16
