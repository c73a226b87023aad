"""Real servers for tests: they start in seconds, survive kill -9, and leave nothing behind."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from pymongo import MongoClient

from kernel.dev.embedded import Stack
from kernel.dev.errors import CannotStart
from kernel.dev.ports import Ports
from kernel.dev.servers import PrimaryProbe, mongodb_uri
from kernel.dev.tests.dummies import alive


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack(database="embedded") as running:
        yield running


def client(stack: Stack) -> MongoClient[dict[str, Any]]:
    return MongoClient(stack.env["MONGODB_URI"], serverSelectionTimeoutMS=10_000)


def test_what_was_acknowledged_survives_kill_9_of_the_databases(stack: Stack) -> None:
    with client(stack) as mongo, redis.Redis.from_url(stack.env["REDIS_URL"]) as cache:
        notes = mongo["embedded"]["notes"]
        with mongo.start_session() as session, session.start_transaction():
            notes.insert_one({"_id": 1}, session=session)
        cache.set("note", "1")
        for server in ("mongod", "redis"):
            before = stack.pid(server)
            stack.kill(server)
            assert not alive(before)
            assert not stack.is_running(server)
            stack.start(server)
        assert notes.count_documents({}) == 1
        assert cache.config_get("appendfsync") == {"appendfsync": "everysec"}
        assert cache.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_a_data_folder_works_on_other_ports(stack: Stack) -> None:
    with client(stack) as mongo:
        mongo["embedded"]["moved"].insert_one({"_id": 1})
    stack.stop("mongod")
    there = Stack.__new__(Stack)
    there.__dict__.update(stack.__dict__)
    there.ports, there._children = Ports.free(), {}
    try:
        there.start("mongod")
        with MongoClient[dict[str, Any]](mongodb_uri(there.ports.mongod)) as mongo:
            assert mongo["embedded"]["moved"].count_documents({}) == 1
    finally:
        there.stop("mongod")
        stack.start("mongod")


def test_a_frozen_server_is_not_ready_until_it_is_thawed(stack: Stack) -> None:
    stack.kill("redis", signal.SIGSTOP)
    with pytest.raises(CannotStart, match="redis is not ready"):
        stack.wait_ready("redis", timeout=0.1)
    stack.kill("redis", signal.SIGCONT)
    stack.wait_ready("redis", timeout=5)


def test_a_joined_stack_uses_the_same_servers_and_leaves_them_running(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in stack.env.items():
        monkeypatch.setenv(name, value)
    with Stack.joined() as joined:
        assert joined.env["MONGODB_URI"] == stack.env["MONGODB_URI"]
        assert joined.env["SWITCHBOARD_SECRET_KEY"] == stack.env["SWITCHBOARD_SECRET_KEY"]
        assert joined.addresses == stack.addresses
        with pytest.raises(CannotStart, match="no process named mongod"):
            joined.start("mongod")
    assert stack.is_running("mongod")


def test_an_unknown_process_is_refused(stack: Stack) -> None:
    with pytest.raises(CannotStart, match="no process named worker-unknown"):
        stack.start("worker-unknown")


def test_closing_ends_the_servers_and_removes_their_data() -> None:
    with Stack() as short:
        running = [short.pid("mongod"), short.pid("redis")]
        assert PrimaryProbe(short.ports.mongod)(())
        path = short.folder.path
    assert not any(alive(pid) for pid in running)
    assert not path.exists()
