"""Each dependency that breaks is told within seconds; the process lives on, and nothing of the inside is told."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.test import Client
from redis import Redis

from config import health
from kernel import vault
from kernel.clock import now
from kernel.envelope import new_ring_entry
from kernel.models import Canary
from kernel.ratelimit import connect
from kernel.tasks import QUEUES
from kernel.work import alive
from kernel.work.alive import SILENT_S
from kernel.work.sweep import beat_canary
from tests.failpoints import fail_command

FLIPS_S = 10.0


@contextmanager
def no_database(_: Any, __: Any) -> Iterator[None]:
    with fail_command("ping", times=1_000, closeConnection=True):
        yield


@contextmanager
def no_redis(_: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    gone: Redis = connect("redis://127.0.0.1:9/0")
    with monkeypatch.context() as patch:
        patch.setattr(health, "bell_client", lambda: gone)
        yield


@contextmanager
def stuck_queue(_: Any, __: Any) -> Iterator[None]:
    Canary.objects.filter(queue="inbound").update(seen_at=now().replace(year=2020))
    yield
    beat_canary("inbound")


@contextmanager
def full_spool(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(health, "SPOOL_FULL_BYTES", 10)
        yield


@contextmanager
def wrong_ring(settings: Any, _: Any) -> Iterator[None]:
    ring = settings.KEY_RING
    settings.KEY_RING = new_ring_entry("other")
    vault.key_ring.cache_clear()
    yield
    settings.KEY_RING = ring
    vault.key_ring.cache_clear()


BROKEN: dict[str, Callable[..., Any]] = {
    "database": no_database, "redis": no_redis, "queues": stuck_queue, "spool": full_spool,
    "vault": wrong_ring,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _spooled(settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(health, "QUEUES", QUEUES)
    monkeypatch.setattr(health, "_STARTED", time.monotonic() - health.STARTING_S)
    monkeypatch.setattr(alive, "SILENT_S", 60.0)
    alive.tell_alive(QUEUES)
    Canary.objects.all().delete()
    for queue in QUEUES:
        beat_canary(queue)
    settings.SPOOL = str(tmp_path)
    (tmp_path / "a.spool").write_bytes(b"x" * 100)
    yield
    Canary.objects.all().delete()  # or they would be old for the tests that follow


def test_every_dependency_is_broken_here() -> None:
    assert set(BROKEN) == set(Client().get("/ready").json()["checks"])


@pytest.mark.parametrize("name", BROKEN)
def test_readiness_tells_of(name: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    vault.seal_for_platform("x", collection="c", object_id="o", field="f")
    assert Client().get("/ready").status_code == 200
    with BROKEN[name](settings, monkeypatch):
        begun = time.monotonic()
        answer = Client().get("/ready")
        assert time.monotonic() - begun < FLIPS_S
        assert answer.status_code == 503
        body = answer.json()
        assert set(body) == {"status", "checks"}
        assert [n for n, ok in body["checks"].items() if ok is not True] == [name]
        assert all(isinstance(ok, bool) for ok in body["checks"].values())
        assert "Server" not in answer
        assert Client().get("/live").status_code == 200
    assert Client().get("/ready").status_code == 200


def test_a_queue_whose_worker_never_came_is_told_when_it_had_time_to_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Canary.objects.filter(queue="outbound").delete()
    monkeypatch.setattr(health, "_STARTED", time.monotonic())
    assert Client().get("/ready").json()["checks"]["queues"] is True
    monkeypatch.setattr(health, "_STARTED", time.monotonic() - health.STARTING_S)
    assert Client().get("/ready").json()["checks"]["queues"] is False


@pytest.mark.parametrize("queue", QUEUES)
def test_a_worker_that_died_is_told_within_ten_seconds_though_its_canary_is_fresh(
    queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alive, "SILENT_S", 0.2)
    alive.tell_alive([queue])
    time.sleep(0.4)
    assert Client().get("/ready").json()["checks"] == {
        "database": True, "redis": True, "queues": False, "spool": True, "vault": True}  # fmt: skip
    assert SILENT_S + alive.EVERY_S <= FLIPS_S
    alive.tell_alive([queue])
    assert Client().get("/ready").json()["checks"]["queues"] is True
