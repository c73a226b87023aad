"""An unsafe request that is repeated gets the first one's answer, and takes effect once."""

import threading
from datetime import timedelta

import pytest

from kernel import idempotency
from kernel.clock import now
from kernel.idempotency import (
    KeyReused,
    OutcomeLost,
    StillRunning,
    Stored,
    answer,
    begin,
    bound,
    committed,
    fingerprint,
    forget,
)
from kernel.models import IdempotencyKey
from kernel.mongo.transactions import run_transaction
from kernel.scoping import NoActiveTenant, tenant_scope

PRINT = fingerprint("POST", "/things", {"a": 1})


@pytest.fixture
def scope(world):
    with tenant_scope(world.tenant):
        yield world


def lapse():
    """The first request's time is over."""
    IdempotencyKey.objects.update(lease_until=now() - timedelta(seconds=1))


def test_a_repetition_gets_the_stored_answer(scope):
    row = begin("k", "member:1", PRINT)
    answer(row, 201, {"id": "x"})
    assert begin("k", "member:1", PRINT) == Stored(201, {"id": "x"})
    assert IdempotencyKey.objects.count() == 1


def test_the_same_key_of_another_principal_or_tenant_is_another(new_tenant):
    one, two = new_tenant(), new_tenant()
    with tenant_scope(one.tenant):
        answer(begin("k", "member:1", PRINT), 201, {})
        assert isinstance(begin("k", "member:2", PRINT), str)
    with tenant_scope(two.tenant):
        assert isinstance(begin("k", "member:1", PRINT), str)


def test_another_body_under_the_same_key_is_refused(scope):
    answer(begin("k", "p", PRINT), 201, {})
    with pytest.raises(KeyReused):
        begin("k", "p", fingerprint("POST", "/things", {"a": 2}))
    assert begin("k", "p", PRINT) == Stored(201, {})


def test_the_order_of_a_bodys_members_does_not_matter_and_everything_else_does():
    same = fingerprint("POST", "/x", {"a": 1, "b": [1, 2]})
    assert same == fingerprint("POST", "/x", {"b": [1, 2], "a": 1})
    others = [("PUT", "/x", {"a": 1, "b": [1, 2]}), ("POST", "/y", {"a": 1, "b": [1, 2]}),
              ("POST", "/x", {"a": 1, "b": [2, 1]}), ("POST", "/x", {"a": "1", "b": [1, 2]})]  # fmt: skip
    assert same not in {fingerprint(*o) for o in others}


def test_while_the_first_still_runs_a_second_is_told_so(scope):
    begin("k", "p", PRINT)
    with pytest.raises(StillRunning):
        begin("k", "p", PRINT)


def test_of_many_at_once_one_runs(scope):
    won, told, gate = [], [], threading.Barrier(8)

    def ask():
        gate.wait()
        with tenant_scope(scope.tenant):
            try:
                won.append(begin("k", "p", PRINT))
            except StillRunning:
                told.append(1)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert (len(won), len(told)) == (1, 7)


def test_a_request_that_died_before_any_effect_leaves_the_key_to_one_of_those_who_try(scope):
    row = begin("k", "p", PRINT)
    lapse()
    won, gate = [], threading.Barrier(6)

    def ask():
        gate.wait()
        with tenant_scope(scope.tenant):
            try:
                won.append(begin("k", "p", PRINT))
            except StillRunning:
                gate.reset()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert won == [row]


def test_a_request_that_died_after_its_effect_is_never_repeated(scope):
    row = begin("k", "p", PRINT)
    with bound(row):
        run_transaction(lambda: committed("f" * 24))
    with pytest.raises(StillRunning):
        begin("k", "p", PRINT)
    lapse()
    with pytest.raises(OutcomeLost) as lost:
        begin("k", "p", PRINT)
    assert lost.value.data == {"result_id": "f" * 24}
    assert IdempotencyKey.objects.get().state == "committed"


def test_an_effect_that_was_rolled_back_leaves_no_mark(scope):
    row = begin("k", "p", PRINT)

    def body():
        committed("f" * 24)
        raise LookupError("no")

    with bound(row), pytest.raises(LookupError):
        run_transaction(body)
    assert IdempotencyKey.objects.get().state == "running"
    forget(row)
    assert isinstance(begin("k", "p", PRINT), str)


def test_forgetting_frees_a_key_only_before_its_effect(scope):
    row = begin("k", "p", PRINT)
    with bound(row):
        committed("f" * 24)
    forget(row)
    assert IdempotencyKey.objects.count() == 1


def test_without_a_key_nothing_is_marked(scope):
    committed("f" * 24)
    with bound(None):
        committed("f" * 24)
    assert IdempotencyKey.objects.count() == 0


def test_a_key_of_yesterday_is_free_again(scope):
    row = begin("k", "p", PRINT)
    answer(row, 201, {})
    IdempotencyKey.objects.update(expires_at=now() - timedelta(seconds=1))
    assert begin("k", "p", fingerprint("POST", "/other", {})) == row
    assert IdempotencyKey.objects.get().state == "running"


def test_expired_keys_of_all_tenants_are_purged(new_tenant):
    for world in (new_tenant(), new_tenant()):
        with tenant_scope(world.tenant):
            old = begin("old", "p", PRINT)
            begin("new", "p", PRINT)
            IdempotencyKey.objects.filter(pk=old).update(expires_at=now() - timedelta(seconds=1))
    assert idempotency.purge_expired() >= 2
    with tenant_scope(world.tenant):
        assert IdempotencyKey.objects.count() == 1


def test_a_key_needs_a_tenant():
    with pytest.raises(NoActiveTenant):
        begin("k", "p", PRINT)
