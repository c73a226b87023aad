"""Several lanes of a tenant in one transaction: nothing is written before the work, and deaths are told all the same."""

import time

import pytest

from kernel.mongo.transactions import outside_transaction
from kernel.scoping import tenant_scope
from kernel.tests.work_kinds import TestKind, states
from kernel.work import lanes
from kernel.work.drain import drain
from kernel.work.outcomes import Hold
from kernel.work.registry import Kind, _kinds, register
from kernel.work.together import serve_together
from tests.factories import Attachment, Contact, contact


@pytest.fixture
def inside(world):
    with tenant_scope(world.tenant):
        yield


@pytest.fixture
def kind(inside):
    made = TestKind()
    _kinds.pop(made.name)
    register(Kind(name=made.name, queue="tests", serve=made.serve,
                  together=lambda leases: serve_together(Attachment, leases, made._batch, most=50)))  # fmt: skip
    yield made
    lanes.collection(lanes.Lane).delete_many({"kind": made.name})
    _kinds.pop(made.name, None)


def die_holding(kind, times=1):
    """A worker claims what is due and is gone before it gives anything back."""
    for _ in range(times):
        first = kind.lease(lease_s=0.01)
        lanes.claim_more(first, 15)
        time.sleep(0.02)


def test_all_lanes_are_served_in_one_call_in_the_order_of_arrival(kind):
    for n in range(6):
        kind.put(f"n{n}", lane=f"lane {n % 3}")
    drain(kind.name)
    assert kind.calls == [[f"n{n}" for n in range(6)]]
    assert set(states().values()) == {"done"}
    assert set(Attachment.objects.values_list("attempts", flat=True)) == {1}


def test_a_hold_holds_all_lanes_at_once_and_they_go_on_in_order(kind):
    def hold(_):
        raise Hold("suspended")

    kind.handle = hold
    for n in range(6):
        kind.put(f"n{n}", lane=f"lane {n % 3}")
    assert drain(kind.name) == 0
    assert (len(kind.calls), set(states().values())) == (1, {"parked"})
    assert {lane.held for lane in kind.lanes()} == {"suspended"}
    kind.put("n6", lane="lane 0")
    assert (drain(kind.name), len(kind.calls)) == (0, 1)
    kind.handle = lambda _: None
    assert lanes.release_held("suspended", tenant_id=kind.lanes()[0].tenant_id) == 3
    drain(kind.name)
    assert kind.names() == [f"n{n}" for n in range(7)]
    assert set(states().values()) == {"done"}


def test_after_a_death_each_lane_is_served_alone_and_counted(kind):
    kind.put("a1", "a2", lane="a")
    kind.put("b1", lane="b")
    die_holding(kind)
    drain(kind.name)
    assert sorted(kind.calls) == [["a1", "a2"], ["b1"]]
    assert set(Attachment.objects.values_list("attempts", flat=True)) == {2}
    kind.put("later", lane="a")
    drain(kind.name)
    assert Attachment.objects.get(filename="later").attempts == 1


def test_what_kills_its_worker_every_time_is_tried_five_times(kind):
    kind.put("killer", "next", lane="a")
    tried = 0

    class Killed(BaseException):
        pass

    def handle(items):
        nonlocal tried
        if any(item.filename == "killer" for item in items):
            tried += 1
            raise Killed

    kind.handle = handle
    for _ in range(8):
        try:
            drain(kind.name)
        except Killed:
            lanes.collection(lanes.Lane).update_many(
                {"kind": kind.name}, {"$set": {"due_at": lanes.LONG_AGO}}
            )
    assert tried == 5
    assert states() == {"killer": "dead", "next": "done"}


def test_a_holder_whose_lane_was_taken_over_writes_nothing(kind):
    kind.put("one", lane="a")

    def overtaken(items):
        contact(name="applied")
        change = {"$inc": {"fence": 1}}
        with outside_transaction():
            lanes.collection(lanes.Lane).update_many({"kind": kind.name}, change)
            Attachment.objects.filter(filename="one").update(fence=99)

    kind.handle = overtaken
    drain(kind.name, seconds=0.01)
    assert not Contact.objects.exists()
    assert states()["one"] != "done"
