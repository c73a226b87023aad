"""The doorbell: Redis going away costs time, never work."""

import json
import os
import socket
import time
from datetime import timedelta

import pytest

from kernel import tasks
from kernel.clock import now
from kernel.models import Canary
from kernel.publisher import RINGING_MS, publish, rung
from kernel.scoping import tenant_scope
from kernel.scoping.tasks import HEADER
from kernel.tests.work_kinds import new_kind, states
from kernel.work import bell
from kernel.work import drain as drain_module
from kernel.work.drain import drain, drain_queue
from kernel.work.sweep import sweep

QUEUE = f"test-queue-{os.getpid()}"  # tests may run side by side on one Redis
NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
def kind(monkeypatch):
    monkeypatch.setattr(bell, "_away_until", 0.0)
    with new_kind(queue=QUEUE) as made:
        bell.bell_client().delete(f"bell:{QUEUE}", QUEUE)
        yield made


@pytest.fixture
def redis_away(settings, monkeypatch):
    settings.REDIS_URL = NOBODY
    monkeypatch.setattr(bell, "_client", None)
    monkeypatch.setattr(bell, "_away_until", 0.0)


def test_a_flood_of_work_rings_once_until_a_worker_answers(world, kind):
    with tenant_scope(world.tenant):
        kind.put("one", "two", "three")
    bells = bell.bell_client()
    assert 0 < bells.pttl(f"bell:{QUEUE}") <= RINGING_MS
    waiting = bells.llen(QUEUE)
    with tenant_scope(world.tenant):
        kind.put("four", "five")
    assert bells.llen(QUEUE) == waiting
    assert drain_queue(QUEUE) >= 5
    assert kind.names() == ["one", "two", "three", "four", "five"]


def test_of_the_bells_that_rang_while_a_worker_was_busy_only_the_last_counts(world, kind):
    """Otherwise they pile up under steady work, and what else is in the queue waits behind them."""
    bells = bell.bell_client()
    bells.delete(rung(QUEUE))
    for _ in range(3):
        bells.delete(f"bell:{QUEUE}")  # the time of each is up
        bell.ring_on(QUEUE)
    assert bells.llen(QUEUE) == 3
    with tenant_scope(world.tenant):
        kind.put("one")
    assert [tasks.drain(QUEUE, 1), tasks.drain(QUEUE, 2), kind.names()] == [0, 0, []]
    assert tasks.drain(QUEUE, 3) >= 1
    assert kind.names() == ["one"]
    with tenant_scope(world.tenant):
        kind.put("two")
    bells.delete(rung(QUEUE))  # Redis was emptied: nothing is known of newer ones
    assert tasks.drain(QUEUE, 1) >= 1
    assert kind.names() == ["one", "two"]


def test_any_message_shows_that_a_queue_is_consumed(kind, monkeypatch):
    """A canary behind a drain of 20 s, or in a Redis that was emptied, says nothing of the worker."""
    monkeypatch.setattr(tasks, "_came_at", {})
    Canary.objects.filter(queue=QUEUE).delete()
    tasks.drain(QUEUE)
    first = Canary.objects.get(queue=QUEUE).seen_at
    assert now() - first < timedelta(seconds=5)
    tasks.drain(QUEUE)
    assert Canary.objects.get(queue=QUEUE).seen_at == first, "not with each message"
    monkeypatch.setattr(tasks, "NOTE_S", 0.0)
    tasks.drain(QUEUE, 1)
    assert Canary.objects.get(queue=QUEUE).seen_at > first
    Canary.objects.filter(queue=QUEUE).delete()


def test_a_bell_carries_no_tenant(world, kind):
    """It rings for all of them: who rang must not become who is served."""
    bells = bell.bell_client()
    bells.delete(f"bell:{QUEUE}", QUEUE)
    with tenant_scope(world.tenant):
        kind.put("one")
    (message,) = [json.loads(m) for m in bells.lrange(QUEUE, 0, -1)]
    assert message["headers"]["task"] == "kernel.drain"
    assert HEADER not in message["headers"]
    assert world.tenant.pk not in json.dumps(message["headers"])


def test_work_is_taken_in_and_done_while_redis_is_away(world, kind, redis_away):
    began = time.monotonic()
    with tenant_scope(world.tenant):
        for n in range(20):
            kind.put(f"n{n:02d}")
        assert kind.name in sweep()
        assert drain(kind.name) == 20
        assert set(states().values()) == {"done"}
    assert time.monotonic() - began < 10
    assert kind.names() == [f"n{n:02d}" for n in range(20)]


def test_after_a_failure_the_bell_rests_a_moment_instead_of_waiting_each_time(kind, redis_away):
    bell.ring(kind.name)
    began = time.monotonic()
    for _ in range(100):
        bell.ring(kind.name)
    assert time.monotonic() - began < 0.2


def test_what_is_due_in_a_moment_is_waited_for_by_one_thread(world, kind):
    with tenant_scope(world.tenant):
        kind.put("soon", due_at=now() + timedelta(milliseconds=150))
    assert drain_queue(QUEUE) == 0
    assert drain_queue(QUEUE, linger_s=1.0) == 1
    assert kind.names() == ["soon"]


def test_what_is_due_much_later_is_not_waited_for(world, kind):
    with tenant_scope(world.tenant):
        kind.put("later", due_at=now() + timedelta(seconds=30))
    started = time.monotonic()
    assert drain_queue(QUEUE, linger_s=0.2) == 0
    assert time.monotonic() - started < 1


def test_a_second_hand_helps_with_much_and_nothing_is_done_twice(world, kind, monkeypatch):
    monkeypatch.setattr(drain_module, "MUCH", 2)
    names = [f"n{n:02d}" for n in range(60)]
    with tenant_scope(world.tenant):
        for name in names:
            kind.put(name, lane=f"lane {name[-1]}")
    assert drain_queue(QUEUE, hands=2) == 60
    assert sorted(kind.names()) == names
    for lane in range(10):
        assert [n for n in kind.names() if n.endswith(str(lane))] == [
            n for n in names if n.endswith(str(lane))
        ]


def test_a_redis_that_is_frozen_between_the_two_commands_of_a_bell_costs_a_moment(
    settings, monkeypatch
):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        bell.own_publisher.cache_clear()
        started = time.monotonic()
        with pytest.raises(Exception, match=r"(?i)time"):
            publish(bell.own_publisher(), "kernel.drain", QUEUE, QUEUE)
        assert time.monotonic() - started < 2
    bell.own_publisher.cache_clear()
