"""The feed: consecutive numbers in commit order, gapless, handed on once."""

import threading
from dataclasses import dataclass

import pytest
from pymongo.errors import AutoReconnect

from kernel.audit import record
from kernel.events import Event, emit, relay, subscribers
from kernel.events.feed import event_json, last_number, read_feed
from kernel.models import AuditEntry, DomainEvent, FeedState, Lane, Reaction
from kernel.mongo.transactions import run_transaction
from kernel.scoping import NoActiveTenant, tenant_scope
from kernel.scoping.context import outside_scope
from kernel.work import StaleFence, lanes, serving
from kernel.work.drain import drain
from kernel.work.lanes import claim, release
from kernel.work.registry import Released
from kernel.work.sweep import sweep
from tests.factories import Contact, contact


@dataclass(frozen=True, kw_only=True)
class ThingHappened(Event):
    type = "test.thing_happened"
    n: int


@pytest.fixture
def scope(world):
    with tenant_scope(world.tenant):
        yield world
    Lane.objects.filter(kind__in=["relay", "react"]).delete()


@pytest.fixture
def subscriber():
    """Subscribe functions for one test."""
    before = dict(subscribers._handlers)
    yield lambda handler: subscribers.subscribes(ThingHappened.type)(handler)
    subscribers._handlers.clear()
    subscribers._handlers.update(before)


def things(**where):
    return DomainEvent.objects.filter(type=ThingHappened.type, **where).order_by("number", "id")


def relayed():
    """Everything that was emitted has its number."""
    with outside_scope():
        drain("relay")


def test_events_get_consecutive_numbers_in_the_order_of_their_commits(scope):
    start = last_number()
    for n in range(5):
        run_transaction(lambda n=n: emit(ThingHappened(n=n)))
    assert {e.number for e in things()} == {0}
    relayed()
    first = min(e.number for e in things())
    assert [(e.number - first, e.data) for e in things()] == [(n, {"n": n}) for n in range(5)]
    assert first > start
    every = [e.number for e in DomainEvent.objects.order_by("number")]
    assert every == list(range(1, len(every) + 1))
    assert last_number() == len(every)


def test_an_event_of_a_transaction_that_failed_never_was(scope):
    def body():
        emit(ThingHappened(n=1))
        raise LookupError("no")

    with pytest.raises(LookupError):
        run_transaction(body)
    relayed()
    assert things().count() == 0


def test_emitting_needs_a_tenant():
    with pytest.raises(NoActiveTenant):
        emit(ThingHappened(n=1))


def test_many_emitters_and_relays_at_once_leave_no_gap_and_no_repeat(new_tenant):
    worlds = [new_tenant(), new_tenant()]

    def work(world, offset):
        with tenant_scope(world.tenant):
            for n in range(15):
                run_transaction(lambda n=n: emit(ThingHappened(n=offset + n)))
                if n % 5 == 4:
                    relayed()

    threads = [threading.Thread(target=work, args=(w, 100 * k)) for w in worlds for k in range(3)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    drain("relay")
    for world in worlds:
        with tenant_scope(world.tenant):
            numbers = list(DomainEvent.objects.order_by("number").values_list("number", flat=True))
            assert numbers == list(range(1, len(numbers) + 1))
            for k in range(3):
                mine = [e.data["n"] for e in things() if e.data["n"] // 100 == k]
                assert mine == [100 * k + n for n in range(15)]
    Lane.objects.filter(kind__in=["relay", "react"]).delete()


def test_a_relay_that_slept_past_its_lease_numbers_nothing(scope):
    relayed()
    emit(ThingHappened(n=1))
    with outside_scope():
        slept = claim("relay", 0.0)
        heir = claim("relay", 20)
    assert slept.tenant_id == scope.tenant.pk
    assert heir.fence > slept.fence
    assert relay.relay(heir).served == 1
    emit(ThingHappened(n=2))
    before = FeedState.objects.get()
    with pytest.raises(StaleFence):
        relay.relay(slept)
    after = FeedState.objects.get()
    assert (after.last_number, after.fence) == (before.last_number, heir.fence)
    assert [e.number == 0 for e in things().order_by("id")] == [False, True]
    release(heir, Released())


def test_the_feed_is_read_from_any_number_without_gaps(scope):
    run_transaction(lambda: emit(*(ThingHappened(n=n) for n in range(10))))
    relayed()
    last = last_number()
    whole = read_feed(after=0, limit=1000)
    assert [e.number for e in whole] == list(range(1, last + 1))
    seen, after = [], 0
    while page := read_feed(after=after, limit=4):
        seen += [e.number for e in page]
        after = page[-1].number
    assert seen == list(range(1, last + 1))
    assert read_feed(after=last) == []
    emit(ThingHappened(n=99))
    assert read_feed(after=last) == [], "an event without a number is not in the feed yet"
    relayed()
    assert [e.data for e in read_feed(after=last)] == [{"n": 99}]


def test_another_tenants_feed_is_another(new_tenant):
    one, two = new_tenant(), new_tenant()
    with tenant_scope(one.tenant):
        emit(ThingHappened(n=1))
    with tenant_scope(two.tenant):
        emit(ThingHappened(n=2))
    drain("relay")
    for world, n in ((one, 1), (two, 2)):
        with tenant_scope(world.tenant):
            feed = read_feed(after=0)
            assert [e.data["n"] for e in feed if e.type == ThingHappened.type] == [n]
            assert [e.number for e in feed] == list(range(1, len(feed) + 1))


def test_an_event_as_json_is_complete(scope):
    emit(ThingHappened(n=7))
    relayed()
    shown = event_json(things().get())
    assert set(shown) == {"number", "id", "type", "data", "actor", "occurred_at"}
    assert (shown["type"], shown["data"], shown["actor"]["kind"]) == (
        "test.thing_happened",
        {"n": 7},
        "system",
    )
    assert shown["occurred_at"].endswith("Z")


def test_each_subscriber_reacts_once_to_each_event_in_order(scope, subscriber):
    seen = []
    subscriber(lambda event: seen.append(("a", event.data["n"])))
    run_transaction(lambda: emit(*(ThingHappened(n=n) for n in range(6))))
    relayed()
    with outside_scope():
        drain("react")
        drain("react")
    relayed()
    assert seen == [("a", n) for n in range(6)]
    assert list(Reaction.objects.values_list("state", "attempts")) == [("done", 1)] * 6


def test_a_reaction_that_fails_is_repeated_and_its_effects_count_once(
    scope, subscriber, monkeypatch
):
    monkeypatch.setattr(serving, "BACKOFF_S", (0.0,) * 4)
    tries = []

    def react_late(event):
        contact(name=f"made for {event.data['n']}")
        tries.append(event.data["n"])
        if len(tries) < 3:
            raise RuntimeError("not yet")

    subscriber(react_late)
    emit(ThingHappened(n=1))
    relayed()
    with outside_scope():
        drain("react")
    assert tries == [1, 1, 1]
    assert Contact.objects.filter(name="made for 1").count() == 1


def test_a_reaction_of_a_subscriber_that_is_gone_is_buried(scope, subscriber, monkeypatch):
    monkeypatch.setattr(serving, "BACKOFF_S", (0.0,) * 4)
    subscriber(lambda event: None)
    emit(ThingHappened(n=1))
    relayed()
    for name in [n for n in subscribers._handlers if n.endswith(ThingHappened.type)]:
        del subscribers._handlers[name]
    with outside_scope():
        drain("react")
    assert list(Reaction.objects.values_list("state", "attempts")) == [("dead", 5)]


def test_a_batch_larger_than_the_relays_is_numbered_in_turns(scope, monkeypatch):
    monkeypatch.setattr(relay, "BATCH", 4)
    run_transaction(lambda: emit(*(ThingHappened(n=n) for n in range(11))))
    relayed()
    assert [e.data["n"] for e in things()] == list(range(11))
    assert all(e.number for e in things())


def test_what_a_crash_kept_from_the_relay_is_found_by_the_sweeper(scope, monkeypatch):
    relayed()
    with monkeypatch.context() as crashed:
        crashed.setattr(lanes, "_wake", lambda _: (_ for _ in ()).throw(AutoReconnect("gone")))
        emit(ThingHappened(n=1))
        record("thing.done", ("thing", "1"))
    relayed()
    assert [e.number for e in things()] == [0]
    with outside_scope():
        sweep()
    relayed()
    assert [e.number for e in things()] == [0], "what is young may still be on its way"
    monkeypatch.setattr(relay, "LEFT_BEHIND_S", 0)
    with outside_scope():
        sweep()
    relayed()
    assert [e.number == last_number() for e in things()] == [True]
    assert AuditEntry.objects.get(action="thing.done").seq > 0
