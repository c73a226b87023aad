"""Items that act on the outside world, one at a time; and items that can never be done."""

from datetime import timedelta

import pytest
from bson import ObjectId

from kernel.clock import now
from kernel.mongo.doors import collection, owner
from kernel.scoping import tenant_scope
from kernel.tests.work_kinds import new_kind, states
from kernel.work import Bury, Done, Later, StaleFence, serving
from kernel.work.drain import drain
from kernel.work.items import done_fields, finish
from tests.factories import Attachment, Contact, contact, identity


@pytest.fixture
def scope(world):
    with tenant_scope(world.tenant):
        yield world


@pytest.fixture
def single(scope):
    with new_kind(one_by_one=True) as made:
        yield made


@pytest.fixture
def hurried(monkeypatch):
    """Backing off takes no time, so that five attempts do not take fifteen seconds."""
    monkeypatch.setattr(serving, "BACKOFF_S", (0.0,) * 4)


def row(name):
    return Attachment.objects.get(filename=name)


@pytest.mark.parametrize("one_by_one", [False, True])
def test_what_the_database_will_never_take_is_buried_and_does_not_hold_the_lane(
    scope, hurried, one_by_one
):
    taken = identity(value="taken")

    def write(items):
        for one in [items] if one_by_one else items:
            if one.filename == "bad":
                identity(value=taken.value)

    with new_kind(one_by_one=one_by_one) as kind:
        kind.handle = (lambda one: Done(apply=lambda: write(one))) if one_by_one else write
        kind.put("before", "bad", "after")
        drain(kind.name)
    assert states() == {"before": "done", "bad": "dead", "after": "done"}
    assert row("bad").attempts == 5


def test_outcomes_of_single_items(single):
    outcomes = {
        "done": lambda: Done(apply=lambda: contact(name="effect"), note="noted"),
        "later": lambda: Later(seconds=60, error="wait", burn=False),
        "buried": lambda: Bury(reason="hopeless"),
    }
    for name in outcomes:
        single.put(name, lane=name)
    single.handle = lambda one: outcomes[one.filename]()
    drain(single.name)
    assert states() == {"done": "done", "later": "ready", "buried": "dead"}
    assert (row("done").reason, row("buried").reason) == ("noted", "hopeless")
    assert (row("later").attempts, row("later").last_error) == (0, "wait")
    assert timedelta(seconds=50) < row("later").due_at - now() < timedelta(seconds=61)
    assert Contact.objects.filter(name="effect").count() == 1


def test_an_effect_that_fails_leaves_the_item_unfinished(single, hurried):
    single.put("one")
    tries = []

    def handle(_):
        tries.append(1)
        return Done(apply=lambda: contact(name="half") and (1 / 0 if len(tries) < 3 else None))

    single.handle = handle
    drain(single.name)
    assert states() == {"one": "done"}
    assert (len(tries), Contact.objects.count()) == (3, 1)


def test_a_single_item_that_always_fails_is_buried_after_five_attempts(single, hurried):
    single.put("bad", "good")
    single.handle = lambda one: 1 / 0 if one.filename == "bad" else Done()
    drain(single.name)
    assert states() == {"bad": "dead", "good": "done"}
    assert (row("bad").attempts, len(single.calls)) == (5, 6)


def test_a_foreign_item_cannot_be_finished(new_tenant):
    one, two = new_tenant(), new_tenant()
    with new_kind() as kind:
        with tenant_scope(one.tenant):
            (theirs,) = kind.put("theirs")
            theirs.fence = 0
        with tenant_scope(two.tenant), pytest.raises(StaleFence):
            finish(Attachment, [theirs], done_fields())
        with tenant_scope(one.tenant):
            found = collection(Attachment).find_one({**owner(), "_id": ObjectId(theirs.pk)})
            assert found["state"] == "ready"
