"""Celery's entry points to durable work."""

import threading
import time
from typing import Any

from celery import shared_task
from celery.signals import worker_ready
from django.db import DatabaseError
from pymongo.errors import PyMongoError

from kernel.audit.checkpoints import checkpoint_all
from kernel.idempotency import purge_expired
from kernel.publisher import publish
from kernel.work import bell
from kernel.work.alive import tell_forever
from kernel.work.drain import drain_queue
from kernel.work.sweep import beat_canary
from kernel.work.sweep import sweep as sweep_due

# A killed process leaves rows locked until a sweep ends its session, and a request waits for five seconds.
SWEEP_MS, CANARY_MS, CHECKPOINT_MS = 1_900, 9_000, 300_000
PULSE_S, BUSY_S = 2.0, 0.1
# Celery comes back to a Redis that returns after growing pauses; until then the pulse does its work.
ALONE_S, ALONE_TURN_S = 45.0, 4.0
QUEUES = ("inbound", "outbound", "default")
# One thread serves while another waits for the database.
HANDS = {"inbound": 2, "outbound": 2}
# How often a message beside the canary is noted, and when each process last noted one.
NOTE_S = 5.0
_came_at: dict[str, float] = {}
# Sends that wait for their number's rate are due again in a moment, which no bell announces.
LINGER_S = {"outbound": 1.0}


@shared_task(name="kernel.drain")
def drain(queue: str, number: int = 0) -> int:
    """``number`` is the bell's; one that was rung again since is answered by the later message."""
    _came_through(queue)
    if number and not bell.is_last(queue, number):
        return 0
    return drain_queue(queue, hands=HANDS.get(queue, 1), linger_s=LINGER_S.get(queue, 0.0))


def _came_through(queue: str) -> None:
    """Any message shows that a queue is consumed; a canary may wait behind a drain, or be lost with Redis."""
    if time.monotonic() - _came_at.get(queue, -NOTE_S) < NOTE_S:
        return
    _came_at[queue] = time.monotonic()
    try:
        beat_canary(queue)
    except (PyMongoError, DatabaseError) as error:
        bell.log.warning("canary.unnoted", queue=queue, error=type(error).__name__)


@shared_task(name="kernel.sweep")
def sweep() -> list[str]:
    return sweep_due()


@shared_task(name="kernel.canary")
def canary(queue: str) -> None:
    beat_canary(queue)


@shared_task(name="kernel.checkpoint")
def checkpoint() -> int:
    return checkpoint_all() + purge_expired()


@shared_task(name="kernel.pulse")
def pulse() -> None:
    """What beat sends: a sweep and a canary for each queue."""
    send_pulse()


def send_pulse() -> None:
    """Once per period over all beats and workers, whoever is first."""
    client, publisher = bell.bell_client(), bell.own_publisher()
    if client.set("pulse:sweep", "1", nx=True, px=SWEEP_MS):
        for queue in ("inbound", "outbound"):
            publish(publisher, "kernel.sweep", queue, expires=10)
    if client.set("pulse:checkpoint", "1", nx=True, px=CHECKPOINT_MS):
        publish(publisher, "kernel.checkpoint", "default", expires=300)
    if client.set("pulse:canary", "1", nx=True, px=CANARY_MS):
        for queue in QUEUES:
            publish(publisher, "kernel.canary", queue, queue, expires=30)


@worker_ready.connect(weak=False)
def start_pulse(sender: Any, **_: Any) -> None:
    """Each worker pulses too, so that a dead beat costs nothing; and says that it lives."""
    own = tuple(sender.app.amqp.queues.consume_from)
    threading.Thread(target=tell_forever, args=(own,), name="alive", daemon=True).start()
    threading.Thread(target=_pulse_forever, args=(own,), name="pulse", daemon=True).start()


def _pulse_forever(queues: tuple[str, ...]) -> None:
    alone_until, served = 0.0, 0
    while True:
        time.sleep(BUSY_S if served else PULSE_S)
        served = 0
        try:
            send_pulse()
        except Exception as error:  # noqa: BLE001  (Redis is away: the work is not)
            bell.log.warning("pulse.lost", error=type(error).__name__)
            alone_until = time.monotonic() + ALONE_S
        if time.monotonic() < alone_until:
            served = work_alone(queues)


def work_alone(queues: tuple[str, ...]) -> int:
    """Sweep and drain without being asked: no message comes while Redis is away, and a while after.

    This runs in the worker's own process, beside the pool: lanes keep the two apart. Returns how many
    items were served; while there are any there is no pause.
    """
    try:
        sweep_due()
        return sum(
            drain_queue(queue, seconds=ALONE_TURN_S, hands=HANDS.get(queue, 1)) for queue in queues
        )
    except Exception as error:  # noqa: BLE001  (the next pulse tries again)
        bell.log.warning("alone.failed", error=type(error).__name__)
        return 0
