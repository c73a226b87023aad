"""What each answer of the provider comes to; nothing is sent twice that may have been taken."""

import time
from datetime import timedelta

from channels.providers.contract import Accepted
from kernel.clock import now
from kernel.models import DomainEvent
from messaging.dispatch import pacing, settle
from messaging.models import Delivery, MessageUpdate
from messaging.services.drafts import Draft
from messaging.services.send import send_message
from messaging.tests.sending import again, outcomes, queue, send_now, state, texts_sent
from tests import factories
from tests.inbound import body, change, status, take_in
from tests.simulator import CUSTOMER


def test_an_accepted_message_has_the_providers_id_and_goes_once(live):
    message = queue(live, "hello")
    send_now()
    send_now()
    (call,) = live.simulator.sends(live.channel)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.outcome, delivery.external_id) == (
        "done",
        "accepted",
        call["wamid"],
    )
    assert (delivery.attempts, outcomes()) == (1, ["accepted"])
    assert call["body"]["biz_opaque_callback_data"] == message.pk
    assert call["body"]["to"].endswith(CUSTOMER)
    assert state(message).status == "accepted"
    assert [
        e.data["status"] for e in DomainEvent.objects.filter(type="message.status_changed")
    ] == ["accepted"]


def test_messages_of_a_conversation_leave_in_order(live):
    wanted = [f"n{n:02d}" for n in range(12)]
    queue(live, *wanted)
    send_now()
    assert texts_sent(live) == wanted


def test_the_statuses_that_follow_are_joined(live):
    message = queue(live, "hello")
    send_now()
    wamid = Delivery.objects.get().external_id
    live.simulator.do("telephones/look", phone_number_id=live.channel.external["phone_number_id"],
                      wa_id=CUSTOMER, open=True)  # fmt: skip
    bodies = live.simulator.webhooks(wamid, 3)
    take_in(*reversed(bodies), *bodies)
    assert state(message).status == "read"
    kinds = MessageUpdate.objects.filter(message_id=message.pk).values_list("status", flat=True)
    assert sorted(kinds) == ["accepted", "delivered", "read", "sent"]


def test_a_status_that_overtakes_our_own_record_waits_for_it(live):
    """Its webhook may be here before the answer to our call is."""
    message = queue(live, "hello")
    wamid = "wamid.early"
    phone = live.channel.external["phone_number_id"]
    take_in(body(change(phone, statuses=[status(wamid, "delivered")])))
    assert MessageUpdate.objects.get().message_id == ""
    Delivery.objects.update(tries=[{"n": 1}])
    settle.accepted(live.channel, Delivery.objects.get(), message, Accepted(external_id=wamid))
    assert state(message).status == "delivered"
    assert not MessageUpdate.objects.filter(message_id="").exists()


def test_an_error_of_the_provider_is_tried_again_by_the_schedule(live):
    message = queue(live, "hello")
    live.simulator.fail_next(http_status=500, count=2)
    send_now()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, outcomes()) == ("ready", 0, ["transient"])
    assert timedelta(seconds=3.9) < delivery.due_at - now() < timedelta(seconds=6.1)
    again()
    wait = Delivery.objects.get().due_at - now()
    assert timedelta(seconds=23) < wait < timedelta(seconds=36.1)
    again()
    assert outcomes() == ["transient", "transient", "accepted"]
    assert texts_sent(live) == ["hello"]
    assert state(message).status == "accepted"


def test_retries_end_with_a_failure_that_the_agent_sees(live, monkeypatch):
    message = queue(live, "hello")
    monkeypatch.setattr(settle, "RETRY_S", (0.0, 0.0))
    monkeypatch.setattr(pacing, "FAILURES_TO_BREAK", 99)
    live.simulator.fail_next(http_status=500, count=3)
    send_now()
    assert outcomes() == ["transient"] * 3
    assert (Delivery.objects.get().state, Delivery.objects.get().outcome) == ("done", "failed")
    found = state(message)
    assert found.status == "failed"
    assert found.error["title"] and found.error["advice"]


def test_a_refused_connection_was_not_sent_and_is_tried_again(live, settings):
    url = settings.META_GRAPH_URL
    settings.META_GRAPH_URL = "http://127.0.0.1:1"
    queue(live, "hello")
    send_now()
    assert outcomes() == ["not_sent"]
    settings.META_GRAPH_URL = url
    again()
    assert outcomes() == ["not_sent", "accepted"]
    assert texts_sent(live) == ["hello"]


def test_throttling_waits_as_long_as_it_is_told_and_burns_no_attempt(live):
    queue(live, "hello")
    live.simulator.fail_next(retry_after=7, code=130429)
    send_now()
    delivery = Delivery.objects.get()
    assert (delivery.attempts, outcomes()) == (0, ["throttled"])
    assert timedelta(seconds=6) < delivery.due_at - now() < timedelta(seconds=7.1)
    Delivery.objects.update(due_at=now())
    again()
    assert outcomes() == ["throttled"], "the whole number waits, not only this message"


def test_a_pair_that_is_throttled_does_not_delay_another(live):
    live.simulator.fail_next(code=131056)
    queue(live, "first")
    send_now()
    other = factories.contact(name="Lea")
    factories.identity(other, value="972509999999")
    second = factories.conversation(on=live.channel, with_=other)
    send_message(conversation_id=second.pk, draft=Draft(type="text", text="second"))
    time.sleep(0.05)
    send_now()
    assert texts_sent(live) == ["second"]


def test_a_rejection_tells_the_agent_what_and_why(live):
    message = queue(live, "hello")
    live.simulator.fail_next(code=131026)
    send_now()
    found = state(message)
    assert (found.status, found.error["code"]) == ("failed", 131026)
    assert found.error["title"] and found.error["advice"]
    assert (Delivery.objects.get().state, outcomes()) == ("done", ["rejected"])
    queue(live, "next")
    send_now()
    assert texts_sent(live) == ["next"]


def test_a_late_rejection_by_webhook_is_shown(live):
    message = queue(live, "hello")
    live.simulator.fail_next(**{"code": 131026, "async": True})
    send_now()
    assert state(message).status == "accepted"
    take_in(*live.simulator.webhooks(Delivery.objects.get().external_id, 1))
    found = state(message)
    assert (found.status, found.error["code"]) == ("failed", 131026)
