"""Items: in order, counted before the work, buried when they cannot be done, never applied twice."""

import threading
import time
from datetime import timedelta

import pytest

from kernel.clock import now
from kernel.models import Lane
from kernel.scoping import tenant_scope
from kernel.tests.work_kinds import new_kind, states
from kernel.work import Hold, StaleFence, mark, release_held, replay, serving
from kernel.work.drain import drain
from kernel.work.items import done_fields, finish, lease_items
from tests.factories import Attachment, Contact, contact
from tests.failpoints import fail_command


@pytest.fixture
def scope(world):
    with tenant_scope(world.tenant):
        yield world


@pytest.fixture
def kind(scope):
    with new_kind() as made:
        yield made


@pytest.fixture
def hurried(monkeypatch):
    """Backing off takes no time, so that five attempts do not take fifteen seconds."""
    monkeypatch.setattr(serving, "BACKOFF_S", (0.0,) * 4)


def row(name):
    return Attachment.objects.get(filename=name)


def test_items_of_a_lane_are_done_in_order(kind):
    names = [f"n{n:03d}" for n in range(120)]
    kind.put(*names)
    assert drain(kind.name) == 120
    assert kind.names() == names
    assert [len(c) for c in kind.calls] == [50, 50, 20]
    assert set(states().values()) == {"done"}
    assert Attachment.objects.filter(open=True).count() == 0
    assert all(a.finished_at and a.attempts == 1 for a in Attachment.objects.all())


def test_an_item_waits_for_its_time_and_holds_those_behind_it(kind):
    kind.put("later", due_at=now() + timedelta(seconds=0.3))
    kind.put("behind")
    drain(kind.name)
    assert kind.names() == []
    time.sleep(0.35)
    drain(kind.name)
    assert kind.names() == ["later", "behind"]


def test_attempts_are_counted_before_the_work(kind):
    kind.handle = lambda items: seen.extend(row(i.filename).attempts for i in items)
    seen = []
    kind.put("one")
    drain(kind.name)
    assert seen == [1]


def test_a_poisonous_item_in_a_batch_of_fifty_is_buried_and_the_others_done(kind, hurried):
    names = [f"n{n:02d}" for n in range(50)]
    kind.put(*names)

    def poison(items):
        if any(i.filename == "n17" for i in items):
            raise ValueError("this one is poisonous")

    kind.handle = poison
    drain(kind.name)
    found = states()
    assert sorted(found.values()) == ["dead"] + ["done"] * 49
    assert found["n17"] == "dead"
    dead = row("n17")
    assert dead.attempts == serving.MAX_ATTEMPTS == 5
    assert (dead.open, dead.last_error) == (False, "ValueError: this one is poisonous")
    assert kind.names() == [n for n in names if n != "n17"]


def test_a_failing_item_keeps_those_behind_it_waiting_until_it_succeeds(kind, hurried):
    kind.put("first", "second")
    failures = iter([True, True, True])

    def fail_thrice(items):
        if any(i.filename == "first" for i in items) and next(failures, False):
            raise ValueError("not yet")

    kind.handle = fail_thrice
    drain(kind.name)
    assert kind.names() == ["first", "second"]
    assert states() == {"first": "done", "second": "done"}


def test_what_a_failing_batch_wrote_is_undone(kind, hurried):
    kind.put("good", "bad")

    def write(items):
        for one in items:
            contact(name=one.filename)
            if one.filename == "bad":
                raise ValueError("bad")

    kind.handle = write
    drain(kind.name)
    assert list(Contact.objects.values_list("name", flat=True)) == ["good"]
    assert states() == {"good": "done", "bad": "dead"}


def test_an_item_that_kills_its_worker_is_buried_without_being_tried_again(kind):
    kind.put("killer", "next")
    for attempt in range(1, 6):
        lease = kind.lease(lease_s=0.01)
        leased = lease_items(Attachment, lease, 50)
        assert leased.items[0].attempts == attempt
        time.sleep(0.015)
    drain(kind.name)
    assert kind.names() == ["next"]
    dead = row("killer")
    assert (dead.state, dead.attempts) == ("dead", 6)
    assert "died" in dead.last_error
    assert states() == {"killer": "dead", "next": "done"}


def test_items_beside_a_killer_are_not_buried_with_it(kind):
    names = [f"n{n:02d}" for n in range(20)]
    kind.put(*names)
    sizes = []
    for _ in range(5):
        lease = kind.lease(lease_s=0.01)
        sizes.append(len(lease_items(Attachment, lease, 50).items))
        time.sleep(0.015)
    assert sizes == [20, 8, 1, 1, 1]
    drain(kind.name)
    assert states() == {n: "dead" if n == "n00" else "done" for n in names}


def test_a_holder_that_slept_past_its_lease_changes_nothing(kind):
    kind.put("one", "two")
    slept = kind.lease(lease_s=0.01)
    items = lease_items(Attachment, slept, 50).items
    time.sleep(0.015)
    heir = kind.lease()
    lease_items(Attachment, heir, 50)
    before = list(Attachment.objects.order_by("id").values())
    with pytest.raises(StaleFence):
        finish(Attachment, items, done_fields())
    with pytest.raises(StaleFence):
        lease_items(Attachment, slept, 50)
    assert list(Attachment.objects.order_by("id").values()) == before
    assert [b["fence"] for b in before] == [heir.fence] * 2


def test_the_effects_of_a_holder_that_slept_too_long_are_undone(scope):
    with new_kind(lease_s=0.05) as kind:
        kind.put("one")

        def slow_then_quick(items):
            contact(name=f"applied {len(kind.calls)}")
            if len(kind.calls) == 1:
                time.sleep(0.1)
                take_over = kind.lease()
                lease_items(Attachment, take_over, 50)

        kind.handle = slow_then_quick
        drain(kind.name, seconds=0.01)
        assert Contact.objects.count() == 0
        assert states() == {"one": "leased"}


def test_two_drains_at_once_apply_everything_once_and_in_order(new_tenant):
    worlds = [new_tenant() for _ in range(3)]
    applied: dict[str, list[str]] = {w.tenant.pk: [] for w in worlds}
    lock = threading.Lock()
    with new_kind(most=7) as kind:
        names = [f"n{n:03d}" for n in range(60)]
        for world in worlds:
            with tenant_scope(world.tenant):
                kind.put(*names)

        def run():
            while drain(kind.name, seconds=5):
                pass

        threads = [threading.Thread(target=run) for _ in range(4)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        with lock:
            for tenant, name in kind.served:
                applied[tenant].append(name)
        assert applied == {w.tenant.pk: names for w in worlds}
        for world in worlds:
            with tenant_scope(world.tenant):
                assert set(states().values()) == {"done"}
                assert all(a == 1 for a in Attachment.objects.values_list("attempts", flat=True))


def test_a_hold_parks_the_lane_and_releasing_it_goes_on_in_order(kind):
    kind.put("one", "two")

    def hold(_):
        raise Hold("channel:x")

    kind.handle = hold
    assert drain(kind.name) == 0
    kind.put("three")
    assert drain(kind.name) == 0
    assert states() == {"one": "parked", "two": "parked", "three": "ready"}
    assert {a.reason for a in Attachment.objects.filter(state="parked")} == {"channel:x"}
    assert {a.attempts for a in Attachment.objects.filter(state="parked")} == {0}
    kind.handle = lambda _: None
    assert release_held("channel:x", tenant_id=kind.lane().tenant_id) == 1
    drain(kind.name)
    assert kind.names() == ["one", "two", "three"]
    assert set(states().values()) == {"done"}


def test_a_probe_that_finds_the_cause_still_there_holds_again(kind):
    kind.put("one")
    kind.handle = lambda _: (_ for _ in ()).throw(Hold("cause"))
    drain(kind.name)
    for _ in range(7):
        Lane.objects.filter(kind=kind.name).update(due_at=now())
        drain(kind.name)
    assert states() == {"one": "parked"}
    assert row("one").attempts == 0
    assert len(kind.calls) == 8


def test_a_dead_item_is_replayed_in_its_place(kind, hurried):
    kind.put("bad", "good")
    kind.handle = lambda items: [1 / 0 for i in items if i.filename == "bad"]
    drain(kind.name)
    assert states() == {"bad": "dead", "good": "done"}
    kind.handle = lambda _: None
    replay(kind.name, row("bad"))
    kind.put("after")
    drain(kind.name)
    assert kind.names() == ["good", "bad", "after"]
    assert row("bad").attempts == 1


def test_the_database_going_away_burns_no_attempt(kind):
    kind.put("one")

    def write(_):
        contact(name="once")

    kind.handle = write
    with fail_command("insert", times=1, errorCode=8000):
        drain(kind.name)
        assert kind.names() == []
    assert (row("one").state, row("one").attempts) == ("ready", 0)
    assert Contact.objects.count() == 0
    mark(kind.name, f"{kind.lane().tenant_id}:lane")
    drain(kind.name)
    assert Contact.objects.filter(name="once").count() == 1
    assert states() == {"one": "done"}
