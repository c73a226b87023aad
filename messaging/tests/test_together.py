"""Many conversations in one turn: as quick as calls side by side, as careful as each alone."""

import threading
import time

import pytest

from channels.models import Channel
from channels.services.connect import reconnect
from kernel.clock import LONG_AGO, now
from kernel.models import DomainEvent, Lane
from kernel.mongo.doors import hasty
from kernel.mongo.wire import wire_log
from kernel.scoping.context import outside_scope
from kernel.work.drain import drain
from messaging.dispatch import accepting, deliver, pacing, together
from messaging.dispatch.calls import Slots, pool
from messaging.models import Delivery, MessageUpdate
from messaging.tests.sending import (
    again,
    queue_on,
    send_now,
    several,
    state,
    texts_by_customer,
)
from tenants.services.tenant import resume_tenant, suspend_tenant
from tests.inbound import body, change, status, take_in
from tests.simulator import TOKEN


def outcomes():
    return sorted(Delivery.objects.values_list("outcome", flat=True))


def sent(live):
    return sorted(t for texts in texts_by_customer(live).values() for t in texts)


def leased_since(at):
    """As the primary has them: what is confirmed by it alone is not on a majority yet."""
    return hasty(Lane).count_documents({"kind": "send", "lease_until": {"$gt": at}})


def lanes_are_idle():
    return not leased_since(LONG_AGO)


def test_all_are_accepted_and_each_conversation_keeps_its_order(live):
    talks = several(live, 6)
    messages = queue_on(talks, "one", "two", "three")
    with wire_log.record() as commands:
        send_now()
    assert list(texts_by_customer(live).values()) == [["one", "two", "three"]] * 6
    assert set(Delivery.objects.values_list("state", "outcome", "attempts")) == {
        ("done", "accepted", 1)
    }
    wamids = {call["wamid"] for call in live.simulator.sends(live.channel)}
    assert set(Delivery.objects.values_list("external_id", flat=True)) == wamids
    assert {t[0]["outcome"] for t in Delivery.objects.values_list("tries", flat=True)} == {
        "accepted"
    }
    assert {state(m).status for m in messages} == {"accepted"}
    assert DomainEvent.objects.filter(type="message.status_changed").count() == 18
    assert lanes_are_idle()
    assert len(commands) < 18 * 8, "they went one by one"


def test_what_is_special_about_one_is_its_own_affair(live):
    talks = several(live, 5)
    live.simulator.fail_next(code=131026)
    live.simulator.fail_next(http_status=500)
    live.simulator.fail_next(reset_after=True)
    queue_on(talks, "hello")
    send_now()
    assert outcomes() == ["accepted", "accepted", "failed", "queued", "unknown"]
    assert len(live.simulator.sends(live.channel)) == 5
    assert lanes_are_idle()
    again()
    assert outcomes() == ["accepted", "accepted", "accepted", "failed", "unknown"]
    assert len(live.simulator.sends(live.channel)) == 6


def test_a_slow_call_does_not_hold_the_others_and_is_settled_when_it_ends(live, monkeypatch):
    monkeypatch.setattr(together, "WAIT_S", 0.5)
    talks = several(live, 4)
    slow = hold_first_call(monkeypatch)
    queue_on(talks, "hello", "again")
    began = time.monotonic()
    send_now()
    try:
        assert time.monotonic() - began < 15
        assert outcomes() == ["accepted"] * 6 + ["queued"] * 2
        assert leased_since(now()) == 1
    finally:
        slow.set()
    assert pool().wait_until_idle(20)
    send_now()
    assert outcomes() == ["accepted"] * 8
    assert list(texts_by_customer(live).values()) == [["hello", "again"]] * 4
    assert lanes_are_idle()


def hold_first_call(monkeypatch):
    """The first call that is made waits for the event that is returned."""
    gate, first, real = threading.Event(), [True], deliver.opened

    def opened(channel):
        client = real(channel)
        send = client.send

        def sending(request):
            if first and first.pop():
                gate.wait(20)
            return send(request)

        client.send = sending
        return client

    monkeypatch.setattr(deliver, "opened", opened)
    return gate


class Died(BaseException):
    """The end of a worker, as far as one test can make it."""


def test_a_worker_that_dies_behind_the_record_leaves_unknown_and_nothing_is_sent_again(
    live, monkeypatch
):
    queue_on(several(live, 4), "hello")
    with monkeypatch.context() as patched:
        patched.setattr(Slots, "start", lambda *_: (_ for _ in ()).throw(Died))
        with outside_scope(), pytest.raises(Died):
            drain("send")
    assert [len(tries) for tries in Delivery.objects.values_list("tries", flat=True)] == [1] * 4
    Lane.objects.filter(kind="send").update(due_at=now(), lease_until=LONG_AGO)
    send_now()
    send_now()
    assert live.simulator.sends(live.channel) == []
    assert outcomes() == ["unknown"] * 4
    assert lanes_are_idle()


def test_a_worker_that_dies_before_the_record_has_done_nothing(live, monkeypatch):
    queue_on(several(live, 4), "hello")
    with monkeypatch.context() as patched:
        patched.setattr(together, "lease_sends", lambda *_: (_ for _ in ()).throw(Died))
        with outside_scope(), pytest.raises(Died):
            drain("send")
    Lane.objects.filter(kind="send").update(due_at=now(), lease_until=LONG_AGO)
    send_now()
    assert sent(live) == ["hello"] * 4
    assert outcomes() == ["accepted"] * 4


def test_what_another_holder_took_meanwhile_is_not_sent_here(live, monkeypatch):
    queue_on(several(live, 4), "hello")
    real, lost = pacing.wait_for_turns, []

    def losing(pairs):
        if not lost:
            lost.append(pairs[0][1].pk)
            Delivery.objects.filter(pk=lost[0]).update(
                fence=99, state="leased", attempts=1, tries=[{"n": 1, "fence": 99}]
            )
        return real(pairs)

    monkeypatch.setattr(pacing, "wait_for_turns", losing)
    Lane.objects.filter(kind="send").update(fence=0)
    with outside_scope():
        drain("send", seconds=0.01)
    assert sent(live) == ["hello"] * 3
    other = Delivery.objects.get(pk=lost[0])
    assert (other.fence, other.outcome, "outcome" in other.tries[0]) == (99, "queued", False)


def test_a_status_that_came_meanwhile_keeps_the_message_from_being_sent(live, monkeypatch):
    queue_on(several(live, 3), "hello")
    real = pacing.wait_for_turns

    def told(pairs):
        Delivery.objects.filter(pk=pairs[0][1].pk, outcome="queued").update(outcome="accepted")
        return real(pairs)

    with monkeypatch.context() as patched:
        patched.setattr(pacing, "wait_for_turns", told)
        send_now()
    assert sent(live) == ["hello"] * 2
    assert set(Delivery.objects.values_list("state", "outcome")) == {("done", "accepted")}


def test_a_suspended_tenant_holds_them_all_until_it_is_resumed(live):
    queue_on(several(live, 5), "hello")
    suspend_tenant(tenant=live.tenant, reason="unpaid")
    send_now()
    assert live.simulator.sends(live.channel) == []
    assert set(Delivery.objects.values_list("state", "attempts")) == {("parked", 0)}
    resume_tenant(tenant=live.tenant, reason="paid")
    send_now()
    assert sent(live) == ["hello"] * 5


def test_a_token_that_is_refused_breaks_the_channel_once_and_keeps_every_queue(live):
    queue_on(several(live, 4), "one", "two")
    live.simulator.do("tokens", action="revoke", token=TOKEN)
    try:
        send_now()
        assert Channel.objects.get(pk=live.channel.pk).status == "broken"
        assert set(Delivery.objects.values_list("state", "attempts")) == {("parked", 0)}
    finally:
        live.simulator.do("tokens", action="restore", token=TOKEN)
    reconnect(channel_id=live.channel.pk, access_token=TOKEN)
    send_now()
    assert list(texts_by_customer(live).values()) == [["one", "two"]] * 4
    assert DomainEvent.objects.filter(type="channel.status_changed").count() == 2


def test_nothing_is_sent_twice_when_the_record_of_the_batch_fails(live, monkeypatch):
    queue_on(several(live, 4), "one", "two")

    def failing(*_):
        raise RuntimeError("the transaction cannot be made")

    monkeypatch.setattr(accepting, "emit", failing)
    send_now()
    assert list(texts_by_customer(live).values()) == [["one", "two"]] * 4
    assert len(live.simulator.sends(live.channel)) == 8
    assert outcomes() == ["accepted"] * 8
    assert MessageUpdate.objects.filter(status="accepted").count() == 8


def test_statuses_that_overtook_the_record_of_a_batch_find_their_messages(live, monkeypatch):
    messages = queue_on(several(live, 3), "hello")
    phone = live.channel.external["phone_number_id"]
    real = together.settle_accepted

    def overtaken(taken):
        wamid = taken[0][1].external_id
        take_in(body(change(phone, statuses=[status(wamid, "delivered")])))
        assert MessageUpdate.objects.filter(message_id="").count() == 1
        return real(taken)

    monkeypatch.setattr(together, "settle_accepted", overtaken)
    send_now()
    assert sorted(state(m).status for m in messages) == ["accepted", "accepted", "delivered"]
    assert not MessageUpdate.objects.filter(message_id="").exists()
    told = [e.data["status"] for e in DomainEvent.objects.filter(type="message.status_changed")]
    assert sorted(told)[-1] == "delivered"


def test_the_numbers_rate_is_kept_and_nobody_is_forgotten(live):
    Channel.objects.update(sends_per_second=20)
    queue_on(several(live, 6), "hello")
    began = time.monotonic()
    while "queued" in outcomes():
        assert time.monotonic() - began < 20
        send_now()
    assert sent(live) == ["hello"] * 6
    calls = sorted(call["at"] for call in live.simulator.sends(live.channel))
    assert calls[-1] - calls[0] > 0.2, "six at twenty a second, one at once"
