"""No read of a request is without an end, and one that meets it is a refusal that says nothing of the inside."""

import time
from typing import Any

import pytest
from django.db import connection
from pymongo.errors import ServerSelectionTimeoutError

from crm.models import Contact
from kernel.mongo.deadline import READ_S, bounded_read, database_deadline
from kernel.mongo.wire import Command, wire_log
from kernel.scoping.registry import is_owned
from tests.api.caller import PREFIX, Caller, code_of
from tests.api.conftest import signed_in
from tests.failpoints import fail_command

READS = ("aggregate", "find", "distinct", "count")
MAX_TIME_EXPIRED = 50


def test_every_read_tells_the_database_when_to_stop(world: Any, owner: Caller, thread: Any) -> None:
    """The lists are asked by the test of their indexes."""
    bounded(owner, f"contacts/{thread.contact_id}")
    bounded(owner, f"conversations/{thread.pk}/messages")
    bounded(owner, "me")


def bounded(owner: Caller, path: str) -> list[int]:
    """The limits of the reads on tenants' collections that a request sent; raises if one has none."""
    before = len(wire_log.commands)
    assert owner.get(path).status_code == 200
    return limits_of(wire_log.commands[before:])


def limits_of(commands: list[Command]) -> list[int]:
    reads = [c for c in commands if c.name in READS and is_owned(c.collection)]
    limits = [command.body.get("maxTimeMS", 0) for command in reads]
    assert limits and all(0 < limit <= READ_S * 1000 for limit in limits), limits
    return limits


def test_a_read_that_takes_too_long_is_a_503_and_the_next_one_is_answered(
    world: Any, owner: Caller, thread: Any
) -> None:
    headers = {"X-Tenant": world.tenant.slug}
    owner.client.raise_request_exception = False
    for path in (
        "contacts",
        f"conversations/{thread.pk}/messages",
        f"contacts/{thread.contact_id}",
    ):
        with fail_command("aggregate", "find", times=1_000, errorCode=MAX_TIME_EXPIRED) as hits:
            answer = owner.client.get(PREFIX + path, headers=headers)
            assert hits() > 0
        assert (answer.status_code, code_of(answer)) == (503, "database_unavailable"), path
        assert int(answer["Retry-After"]) >= 1
        assert answer["Content-Type"] == "application/problem+json"
        told = answer.content.decode() + repr(answer.headers)
        for inside in ("maxTimeMS", "pymongo", "failpoint", "mongodb", "Traceback"):
            assert inside.lower() not in told.lower(), (path, inside)
        assert owner.get(path).status_code == 200, "one slow read does not close the door"


def test_a_read_that_hangs_ends_after_its_two_seconds(world: Any, owner: Caller) -> None:
    owner.client.raise_request_exception = False
    contacts = f"{connection.settings_dict['NAME']}.{Contact._meta.db_table}"
    hangs = {"blockConnection": True, "blockTimeMS": 4_000, "namespace": contacts}
    with fail_command("aggregate", "find", times=10, **hangs):
        began = time.monotonic()
        answer = owner.client.get(PREFIX + "contacts", headers={"X-Tenant": world.tenant.slug})
        took = time.monotonic() - began
    assert (answer.status_code, code_of(answer)) == (503, "database_unavailable")
    assert READ_S - 0.1 <= took < 3.5, took


def test_a_read_outlives_an_election() -> None:
    """The question is asked again while nobody may answer, and given up with its request."""
    left = [ServerSelectionTimeoutError("none")] * 2

    def read() -> str:
        if left:
            raise left.pop()
        return "answered"

    with database_deadline(5.0):
        assert bounded_read(read) == "answered"
    left = [ServerSelectionTimeoutError("none")] * 2
    with database_deadline(0.0), pytest.raises(ServerSelectionTimeoutError):
        bounded_read(read)
    assert len(left) == 1


def test_a_change_that_takes_too_long_changes_nothing(world: Any, thread: Any) -> None:
    owner = signed_in(world.user, world.tenant)
    path = f"contacts/{thread.contact_id}"
    before = owner.get(path).json()
    with fail_command("update", times=1_000, errorCode=MAX_TIME_EXPIRED) as hits:
        answer = owner.client.patch(PREFIX + path, {"name": "Changed"}, "application/json",
                                    headers={"X-Tenant": world.tenant.slug})  # fmt: skip
        assert hits() > 0
    assert (answer.status_code, code_of(answer)) == (503, "database_unavailable")
    assert owner.get(path).json() == before
    assert owner.patch(path, {"name": "Changed"}).json()["version"] == before["version"] + 1
