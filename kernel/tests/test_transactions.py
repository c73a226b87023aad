"""A transaction survives what elections and lost sockets do to commits, and never leaves its session behind."""

import pytest
from bson import ObjectId
from django.db import connection

from kernel.mongo.doors import UniqueViolation, collection, owner
from kernel.mongo.transactions import (
    assert_no_session,
    in_transaction,
    on_commit,
    outside_transaction,
    run_transaction,
    transactional,
)
from kernel.mongo.wire import wire_log
from kernel.scoping import tenant_scope
from tests.factories import Contact, ContactIdentity, TenantCounter, contact, identity
from tests.failpoints import fail_command

RETRY = ["TransientTransactionError"]


@pytest.fixture
def scope(world):
    with tenant_scope(world.tenant):
        yield world
    assert connection.session is None
    assert not connection.in_atomic_block_mongo


class Body:
    """A repeatable body that counts how often it ran, and its hooks."""

    def __init__(self):
        self.runs, self.hooks = 0, 0

    def __call__(self):
        self.runs += 1
        contact(name="inside")
        on_commit(self.hook)
        return self.runs

    def hook(self):
        self.hooks += 1


def rows():
    return Contact.objects.filter(name="inside").count()


def is_transactional(body):
    """Whether a block's first command opened a transaction and its commit went out."""
    with wire_log.record() as sent:
        run_transaction(body)
    opened = [c for c in sent if c.body.get("startTransaction")]
    inside = [c for c in sent if c.collection == "contacts"]
    return len(opened) >= 1 and all(
        "txnNumber" in c.body and c.body["autocommit"] is False for c in inside
    )


def assert_later_blocks_are_transactional(count=20):
    for _ in range(count):
        assert is_transactional(lambda: contact(name="later"))
        assert connection.session is None
    assert Contact.objects.filter(name="later").count() == count


def test_a_clean_block_runs_once_and_hooks_after(scope):
    body = Body()
    assert is_transactional(body)
    assert (body.runs, body.hooks, rows()) == (1, 1, 1)


COMMIT_FAULTS = {
    "no such transaction, twice": (2, {"errorCode": 251, "errorLabels": RETRY}, 3),
    "no such transaction, unlabelled": (2, {"errorCode": 251}, None),
    "a dropped socket": (1, {"closeConnection": True}, 1),
    "two dropped sockets": (2, {"closeConnection": True}, 1),
    "three dropped sockets": (3, {"closeConnection": True}, 1),
    "not primary any more": (1, {"errorCode": 189}, None),
    "an unknown result": (
        1,
        {"errorCode": 89, "errorLabels": ["UnknownTransactionCommitResult"]},
        1,
    ),
}


@pytest.mark.parametrize("name", COMMIT_FAULTS)
def test_a_commit_that_fails_is_retried_and_poisons_nothing(scope, name):
    times, data, runs = COMMIT_FAULTS[name]
    body = Body()
    with fail_command("commitTransaction", times=times, **data) as hits:
        run_transaction(body)
        assert hits() == times
    assert body.hooks == 1
    assert rows() == 1
    assert runs is None or body.runs == runs
    assert connection.session is None
    assert_later_blocks_are_transactional()


def test_a_write_conflict_in_a_statement_repeats_the_body(scope):
    body = Body()
    fault = {"errorCode": 112, "errorLabels": RETRY}
    with fail_command("insert", times=2, **fault) as hits:
        run_transaction(body)
        assert hits() == 2
    assert (body.runs, body.hooks, rows()) == (3, 1, 1)
    assert_later_blocks_are_transactional(3)


def test_a_commit_that_never_succeeds_gives_up_within_its_budget(scope):
    body = Body()
    with fail_command("commitTransaction", times=10_000, errorCode=251, errorLabels=RETRY):
        with pytest.raises(Exception) as failure:
            run_transaction(body, budget_s=0.6)
    assert type(failure.value).__module__.startswith(("pymongo", "kernel", "django"))
    assert (body.hooks, rows()) == (0, 0)
    assert connection.session is None
    assert_later_blocks_are_transactional(5)


def test_a_real_conflict_with_another_client_is_retried(scope):
    row = contact(version=1)
    runs = []

    def body():
        runs.append(1)
        version = Contact.objects.get(pk=row.pk).version
        if len(runs) == 1:
            with outside_transaction():
                Contact.objects.filter(pk=row.pk).update(version=10)
        Contact.objects.filter(pk=row.pk).update(version=version + 1)

    run_transaction(body)
    assert len(runs) == 2
    assert Contact.objects.get(pk=row.pk).version == 11


def test_an_exception_rolls_everything_back(scope):
    hooks = []

    def body():
        contact(name="inside")
        on_commit(lambda: hooks.append(1))
        assert rows() == 1
        raise LookupError("no")

    with pytest.raises(LookupError):
        run_transaction(body)
    assert (rows(), hooks) == (0, [])
    assert_later_blocks_are_transactional(3)


def test_a_taken_unique_key_rolls_back_and_is_told(scope):
    taken = identity()

    def body():
        contact(name="inside")
        ContactIdentity.objects.create(contact=contact(), kind=taken.kind, value=taken.value)

    with pytest.raises(UniqueViolation):
        run_transaction(body)
    assert rows() == 0
    assert ContactIdentity.objects.count() == 1


def test_nested_blocks_are_one_and_hooks_keep_their_order(scope):
    order = []

    @transactional
    def inner(name):
        assert in_transaction()
        contact(name="inside")
        on_commit(lambda: order.append(name))

    def outer():
        on_commit(lambda: order.append("first"))
        inner("second")
        inner("third")
        assert order == []
        return "result"

    with wire_log.record() as sent:
        assert run_transaction(outer) == "result"
    assert [c.name for c in sent if c.name == "commitTransaction"] in ([], ["commitTransaction"])
    assert len([c for c in sent if c.body.get("startTransaction")]) == 1
    assert (order, rows()) == (["first", "second", "third"], 2)


def test_a_failure_in_a_nested_block_undoes_the_outer_one(scope):
    def outer():
        contact(name="inside")
        run_transaction(lambda: contact(name="inside") and 1 / 0)

    with pytest.raises(ZeroDivisionError):
        run_transaction(outer)
    assert rows() == 0


def test_a_hook_outside_a_transaction_runs_at_once(scope):
    order = []
    on_commit(lambda: order.append("at once"))
    assert order == ["at once"]


def test_a_hook_may_open_a_transaction_of_its_own(scope):
    run_transaction(lambda: on_commit(lambda: run_transaction(lambda: contact(name="inside"))))
    assert rows() == 1


def test_a_hook_of_a_retried_body_is_that_of_the_last_run(scope):
    seen, runs = [], []

    def body():
        runs.append(1)
        contact(name="inside")
        number = len(runs)
        on_commit(lambda: seen.append(number))

    with fail_command("commitTransaction", times=1, errorCode=251, errorLabels=RETRY):
        run_transaction(body)
    assert (seen, rows()) == ([2], 1)


def test_what_is_written_outside_stays_when_the_transaction_does_not(scope):
    def body():
        with outside_transaction():
            TenantCounter.objects.create(name="kept")
        TenantCounter.objects.create(name="undone")
        raise LookupError("no")

    with pytest.raises(LookupError):
        run_transaction(body)
    assert list(TenantCounter.objects.values_list("name", flat=True)) == ["kept"]


def test_raw_commands_belong_to_the_transaction_too(scope):
    row = contact(name="before")

    def body():
        where = {**owner(), "_id": ObjectId(row.pk)}
        collection(Contact).update_one(where, {"$set": {"name": "after"}})
        assert collection(Contact).find_one(where)["name"] == "after"
        raise LookupError("no")

    with pytest.raises(LookupError):
        run_transaction(body)
    assert Contact.objects.get(pk=row.pk).name == "before"


def test_a_session_that_was_left_behind_is_found_and_dropped(scope):
    connection.session = object()
    with pytest.raises(RuntimeError):
        assert_no_session()
    assert connection.session is None
    assert_no_session()
    assert_later_blocks_are_transactional(2)
