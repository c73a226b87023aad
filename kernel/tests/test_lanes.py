"""Lanes: one holder at a time, turns for everybody, nothing overheard."""

import os
import threading
import time
from datetime import timedelta

import pytest

from kernel.clock import NEVER, now
from kernel.models import Lane, LaneMark
from kernel.mongo.doors import collection
from kernel.mongo.transactions import run_transaction
from kernel.scoping import tenant_scope
from kernel.tests.work_kinds import new_kind, states
from kernel.work import Released, StaleFence, lanes, mark, release_held
from kernel.work.drain import drain
from kernel.work.holders import HOST, free_the_dead
from kernel.work.lanes import claim, fold, is_due, release
from kernel.work.sweep import sweep
from tests.factories import Attachment
from tests.failpoints import fail_command


@pytest.fixture
def kind():
    with new_kind() as made:
        yield made


def test_a_tenant_with_a_backlog_leaves_every_other_turn_to_the_others(new_tenant):
    big, small = new_tenant(), new_tenant()
    with new_kind(most=10) as kind:
        with tenant_scope(big.tenant):
            kind.put(*(f"big{n}" for n in range(300)))
        with tenant_scope(small.tenant):
            kind.put("small")
        assert drain(kind.name) == 301
        position = kind.names().index("small")
        assert position <= 20
        assert [n for n in kind.names() if n != "small"] == [f"big{n}" for n in range(300)]


def test_lanes_are_claimed_in_the_order_in_which_they_became_due(new_tenant, kind):
    worlds = [new_tenant() for _ in range(3)]
    for world in (worlds[1], worlds[2], worlds[0]):
        with tenant_scope(world.tenant):
            kind.put("one")
        time.sleep(0.003)
    drain(kind.name)
    assert [t for t, _ in kind.served] == [worlds[i].tenant.pk for i in (1, 2, 0)]


def test_an_idle_lane_is_not_claimed_and_a_leased_one_has_one_holder(world, kind):
    with tenant_scope(world.tenant):
        kind.put("one")
    first = claim(kind.name, 20)
    assert first is not None
    assert first.tenant_id == world.tenant.pk
    assert claim(kind.name, 20) is None
    assert not is_due(kind.name)
    release(first, Released())
    assert kind.lane().due_at == NEVER
    assert claim(kind.name, 20) is None


def test_many_claims_at_once_give_each_lane_to_one(world):
    with new_kind() as kind:
        with tenant_scope(world.tenant):
            for n in range(6):
                kind.put("one", lane=f"lane{n}")
        won, gate = [], threading.Barrier(8)

        def take():
            gate.wait()
            for _ in range(6):
                lease = claim(kind.name, 20)
                if lease:
                    won.append(lease.key)

        threads = [threading.Thread(target=take) for _ in range(8)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        assert sorted(won) == sorted(f"{world.tenant.pk}:lane{n}" for n in range(6))


def test_a_lane_whose_holder_died_is_taken_over_with_a_higher_fence(world, kind):
    with tenant_scope(world.tenant):
        kind.put("one")
    dead = claim(kind.name, 0.05)
    time.sleep(0.08)
    heir = claim(kind.name, 20)
    assert heir.fence > dead.fence
    with pytest.raises(StaleFence):
        dead.renew()
    before = kind.lane()
    release(dead, Released(due_at=now()))
    after = kind.lane()
    assert (after.due_at, after.fence, after.lease_until) == (
        before.due_at,
        heir.fence,
        before.lease_until,
    )
    heir.renew()


def test_a_renewed_lease_is_not_taken_over(world, kind):
    with tenant_scope(world.tenant):
        kind.put("one")
    lease = claim(kind.name, 0.15)
    lease.lease_s = 20
    lease.renew()
    time.sleep(0.2)
    assert claim(kind.name, 20) is None


def test_what_arrives_while_a_lane_is_held_makes_it_due_when_it_is_released(world, kind):
    with tenant_scope(world.tenant):
        kind.put("one")
        lease = kind.lease()
        kind.put("two")
        assert claim(kind.name, 20) is None
        release(lease, Released())
        assert claim(kind.name, 20) is not None


def test_a_mark_may_wake_a_lane_later_or_sooner_but_never_postpone_it(world, kind):
    with tenant_scope(world.tenant):
        mark(kind.name, "key", due_at=now() + timedelta(seconds=60))
        assert not is_due(kind.name)
        mark(kind.name, "key")
        assert is_due(kind.name)
        mark(kind.name, "key", due_at=now() + timedelta(seconds=60))
        assert is_due(kind.name)
    assert len(kind.lanes()) == 1


def test_a_mark_belongs_to_its_transaction(world, kind):
    def body():
        kind.put("never")
        raise LookupError("no")

    with tenant_scope(world.tenant):
        with pytest.raises(LookupError):
            run_transaction(body)
        assert Attachment.objects.count() == 0
    assert not kind.lanes()
    assert kind.marks() == 0


def test_folding_a_mark_twice_or_by_many_at_once_makes_one_lane(world, kind):
    row = {
        "_id": None,
        "kind": kind.name,
        "key": "new",
        "tenant_id": world.tenant.pk,
        "due_at": now(),
    }
    gate, failures = threading.Barrier(8), []

    def wake_it():
        gate.wait()
        try:
            fold([row])
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=wake_it) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert failures == []
    assert len(kind.lanes()) == 1
    assert is_due(kind.name)


def test_the_sweeper_folds_marks_that_a_crash_left_behind(world, kind):
    with tenant_scope(world.tenant):
        run_transaction(lambda: kind.put("one"))
        Lane.objects.filter(kind=kind.name).delete()
        key = f"{world.tenant.pk}:lane"
        old = now() - timedelta(seconds=10)
        LaneMark.objects.create(
            kind=kind.name, key=key, tenant_id=world.tenant.pk, due_at=old, created_at=old
        )
    assert claim(kind.name, 20) is None
    assert kind.name in sweep()
    assert kind.marks() == 0
    drain(kind.name)
    assert kind.names() == ["one"]


def test_a_fold_that_fails_after_the_commit_loses_and_fails_nothing(world, kind, monkeypatch):
    """The marks are durable: the caller succeeded, and the sweeper will wake the lane."""
    monkeypatch.setattr(lanes, "PATIENCE_S", 0.2)  # within it the driver tries again
    with tenant_scope(world.tenant):
        with fail_command("update", times=100_000, closeConnection=True) as hits:
            run_transaction(lambda: kind.put("one"))
            assert hits() >= 1
        assert states() == {"one": "ready"}
    assert kind.marks() == 1
    LaneMark.objects.filter(kind=kind.name).update(created_at=now() - timedelta(seconds=10))
    sweep()
    drain(kind.name)
    assert kind.names() == ["one"]


def test_a_held_lane_waits_for_its_cause_or_its_probe(world, kind):
    with tenant_scope(world.tenant):
        kind.put("one")
        release(kind.lease(), Released(held="cause"))
        kind.put("two")
        assert claim(kind.name, 20) is None
        lane = kind.lane()
        assert lane.held == "cause"
        probe = lane.due_at - now()
        assert timedelta(seconds=50) < probe < timedelta(seconds=lanes.PROBE_S + 1)
        assert release_held("another cause", tenant_id=world.tenant.pk) == 0
        assert release_held("cause", tenant_id="0" * 24) == 0
        assert claim(kind.name, 20) is None
        assert release_held("cause", tenant_id=world.tenant.pk) == 1
        assert claim(kind.name, 20) is not None
        assert kind.lane().held == ""


def test_new_work_does_not_wake_a_lane_that_stays_held(world, kind):
    """A suspended tenant whose customers go on writing would be looked at without an end."""
    with tenant_scope(world.tenant):
        kind.put("one")
        release(kind.lease(), Released(held="cause"))
        Lane.objects.filter(kind=kind.name).update(due_at=now())
        probing = kind.lease()
        kind.put("two")
        release(probing, Released(held="cause"))
        assert claim(kind.name, 20) is None
        Lane.objects.filter(kind=kind.name).update(due_at=now())
        probing = kind.lease()
        assert release_held("cause", tenant_id=world.tenant.pk) == 1
        release(probing, Released(held="cause"))
        assert claim(kind.name, 20) is not None, "the cause went while it was looked at"


def test_leases_of_dead_processes_of_this_host_end_at_once(world, kind):
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    with tenant_scope(world.tenant):
        kind.put("one", lane="dead")
        dead = kind.lease()
        kind.put("two", lane="alive")
        alive = kind.lease()
    for lease, pid in ((dead, child), (alive, os.getpid())):
        collection(Lane).update_one({"_id": lease.id}, {"$set": {"holder": f"{HOST}:{pid}"}})
    free_the_dead()
    heir = claim(kind.name, 20)
    assert heir.id == dead.id
    assert heir.fence > dead.fence
    assert claim(kind.name, 20) is None


def test_a_lane_of_one_item_goes_when_it_is_done_unless_more_came(world, kind):
    with tenant_scope(world.tenant):
        kind.put("one")
        lease = claim(kind.name, 20, one_shot=True)
        kind.put("two")
        release(lease, Released())
        assert len(kind.lanes()) == 1
        lease = claim(kind.name, 20, one_shot=True)
        release(lease, Released(due_at=now() + timedelta(seconds=60)))
        assert len(kind.lanes()) == 1
        mark(kind.name, f"{world.tenant.pk}:lane")
        release(claim(kind.name, 20, one_shot=True), Released())
        assert len(kind.lanes()) == 0
