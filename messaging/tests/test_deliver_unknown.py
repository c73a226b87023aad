"""What may have been taken is never sent again blindly."""

import pytest

from channels.providers.contract import Accepted, Unknown
from kernel.clock import iso, now
from kernel.models import DomainEvent, Lane
from kernel.scoping.context import outside_scope
from kernel.work import StaleFence
from kernel.work.lanes import claim
from messaging.dispatch import deliver, together
from messaging.models import Delivery, DeliveryCheck
from messaging.tests.sending import (
    again,
    outcomes,
    queue,
    queue_on,
    send_now,
    several,
    state,
    texts_sent,
)
from tests.inbound import body, change, status, take_in, work_off


def test_a_connection_that_is_reset_after_the_body_is_never_sent_again(live):
    message = queue(live, "hello")
    live.simulator.fail_next(reset_after=True)
    send_now()
    again()
    assert len(live.simulator.sends(live.channel)) == 1
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.outcome, outcomes()) == ("done", "unknown", ["unknown"])
    assert state(message).status == "unknown"
    assert DeliveryCheck.objects.count() == 1


def test_a_status_that_echoes_our_id_resolves_what_was_unknown(live):
    message = queue(live, "hello")
    live.simulator.fail_next(reset_after=True)
    send_now()
    (call,) = live.simulator.sends(live.channel)
    take_in(*live.simulator.webhooks(call["wamid"], 2))
    delivery = Delivery.objects.get()
    assert (delivery.outcome, delivery.external_id) == ("accepted", call["wamid"])
    assert state(message).status in ("sent", "delivered")
    check_now()
    assert DeliveryCheck.objects.get().reason == "resolved: accepted"
    assert DomainEvent.objects.filter(type="message.outcome_unknown").count() == 0


def check_now():
    DeliveryCheck.objects.update(due_at=now())
    Lane.objects.filter(kind="check").update(due_at=now())
    work_off("check")


def test_what_stays_unknown_is_brought_to_an_agent_and_not_sent_again(live):
    message = queue(live, "hello")
    live.simulator.fail_next(reset_before=True)
    send_now()
    check_now()
    assert state(message).status == "unknown"
    event = DomainEvent.objects.get(type="message.outcome_unknown")
    assert event.data["message_id"] == message.pk
    again()
    assert len(live.simulator.sends(live.channel)) == 1


def test_half_an_answer_is_unknown_too(live):
    message = queue(live, "hello")
    live.simulator.fail_next(invalid_json=True)
    send_now()
    assert (state(message).status, outcomes()) == ("unknown", ["unknown"])


def test_a_worker_that_died_in_the_middle_leaves_unknown_and_never_sends_again(live):
    message = queue(live, "hello")
    Delivery.objects.update(tries=[{"n": 1, "at": iso(now()), "fence": 1}])
    send_now()
    assert live.simulator.sends(live.channel) == []
    delivery = Delivery.objects.get()
    assert (delivery.outcome, outcomes()) == ("unknown", ["unknown"])
    assert state(message).status == "unknown"


def test_the_attempt_is_written_before_the_socket_opens(live):
    queue(live, "hello")
    live.simulator.fail_next(timeout=0.3)
    seen = []
    real = deliver.opened

    def watching(channel):
        client = real(channel)
        send = client.send
        client.send = lambda body: (seen.append(Delivery.objects.get().tries), send(body))[1]
        return client

    deliver.opened, restore = watching, real
    try:
        send_now()
    finally:
        deliver.opened = restore
    ((entry,),) = seen
    assert (entry["n"], "outcome" in entry) == (1, False)


def test_a_holder_that_lost_its_lane_records_nothing_and_sends_nothing(live):
    queue(live, "hello")
    with outside_scope():
        slept = claim("send", 0.0)
    send_now()
    before = Delivery.objects.get()
    with pytest.raises(StaleFence):
        deliver.serve(slept)
    assert len(live.simulator.sends(live.channel)) == 1
    assert Delivery.objects.get().tries == before.tries


def test_an_error_after_which_a_status_comes_was_no_failure_and_is_not_sent_again(live):
    message = queue(live, "hello")
    live.simulator.fail_next(http_status=500)
    send_now()
    assert outcomes() == ["transient"]
    phone = live.channel.external["phone_number_id"]
    take_in(body(change(phone, statuses=[status("wamid.taken", "sent", callback=message.pk)])))
    again()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.outcome, delivery.external_id) == (
        "done",
        "accepted",
        "wamid.taken",
    )
    assert texts_sent(live) == []
    assert state(message).status == "sent"


def test_a_status_that_comes_during_the_call_changes_nothing_of_it(live):
    message = queue(live, "hello")
    phone = live.channel.external["phone_number_id"]
    take_in(body(change(phone, statuses=[status("wamid.x", "failed", callback=message.pk)])))
    assert Delivery.objects.get().outcome == "queued"


class Parrot:
    """A provider that gives every message the same id."""

    def send(self, body):
        return Accepted(external_id="wamid.same")


@pytest.mark.parametrize("rounds", [1, 2], ids=["in one batch", "one after the other"])
def test_an_id_that_another_delivery_has_is_not_believed_until_a_status_tells(
    live, monkeypatch, rounds
):
    monkeypatch.setattr(deliver, "opened", lambda _: Parrot())
    talks = several(live, 2)
    messages = []
    for part in (talks,) if rounds == 1 else ([talks[0]], [talks[1]]):
        messages += queue_on(part, "hello")
        send_now()
    found = {d.outcome: d for d in Delivery.objects.all()}
    assert sorted(found) == ["accepted", "unknown"]
    assert found["accepted"].external_id == "wamid.same"
    doubted = found["unknown"]
    assert (doubted.external_id, doubted.state) == ("", "done")
    assert doubted.tries[0]["detail"] == "answered with another message's id"
    assert DeliveryCheck.objects.get().delivery_id == doubted.pk
    phone = live.channel.external["phone_number_id"]
    told = status("wamid.own", "delivered", callback=doubted.message_id)
    take_in(body(change(phone, statuses=[told])))
    doubted.refresh_from_db()
    assert (doubted.outcome, doubted.external_id) == ("accepted", "wamid.own")
    assert {state(m).status for m in messages} == {"accepted", "delivered"}


def test_the_id_of_a_reply_that_went_alone_is_looked_at_too(live, monkeypatch):
    monkeypatch.setattr(deliver, "opened", lambda _: Parrot())
    monkeypatch.setattr(together, "ready_sends", lambda _: [])
    for talk in several(live, 2):
        queue_on([talk], "hello")
        send_now()
    assert sorted(d.outcome for d in Delivery.objects.all()) == ["accepted", "unknown"]


def test_a_believed_id_goes_to_the_message_whose_own_status_names_it(live, monkeypatch):
    """The first answer was unreadable, the second had its id: only the statuses tell which is whose."""
    answers = iter([Unknown(reason="unreadable"), Accepted(external_id="wamid.first")])
    monkeypatch.setattr(
        deliver, "opened", lambda _: type("P", (), {"send": lambda *_: next(answers)})()
    )
    monkeypatch.setattr(together, "ready_sends", lambda _: [])
    first, second = (queue_on([talk], "hello")[0] for talk in several(live, 2))
    send_now()
    send_now()
    rows = {d.message_id: d for d in Delivery.objects.all()}
    if rows[first.pk].outcome == "accepted":
        first, second = second, first
    assert [rows[m.pk].outcome for m in (first, second)] == ["unknown", "accepted"]
    phone = live.channel.external["phone_number_id"]
    take_in(body(change(phone, statuses=[status("wamid.first", "sent", callback=first.pk)])))
    rows = {d.message_id: d for d in Delivery.objects.all()}
    assert (rows[first.pk].outcome, rows[first.pk].external_id) == ("accepted", "wamid.first")
    assert (rows[second.pk].outcome, rows[second.pk].external_id) == ("unknown", "")
    assert DeliveryCheck.objects.filter(delivery=rows[second.pk], state="ready").count() == 1
    take_in(body(change(phone, statuses=[status("wamid.second", "read", callback=second.pk)])))
    rows = {d.message_id: d for d in Delivery.objects.all()}
    assert (rows[second.pk].outcome, rows[second.pk].external_id) == ("accepted", "wamid.second")
    assert state(second).status == "read"


def test_a_status_of_ones_own_corrects_a_believed_id(live, monkeypatch):
    monkeypatch.setattr(deliver, "opened", lambda _: Parrot())
    (message,) = queue_on(several(live, 1), "hello")
    send_now()
    phone = live.channel.external["phone_number_id"]
    take_in(body(change(phone, statuses=[status("wamid.own", "failed", callback=message.pk)])))
    row = Delivery.objects.get()
    assert (row.outcome, row.external_id) == ("accepted", "wamid.own")
