"""Sending a Celery message without ever waiting for Redis. Free of Django, because the edge has none."""

from typing import Any

from celery import Celery

WAIT_S = 0.25
RINGING_MS = 2_000


def publisher(redis_url: str) -> Celery:
    """An application that only publishes: it gives up after ``WAIT_S`` and never retries.

    A worker's own connection may wait for messages as long as it likes, so its application has no
    such limit; a request that rang through it hung for the minute that Redis was frozen.
    """
    app = Celery("publisher", broker=redis_url, set_as_current=False)
    app.conf.update(
        task_ignore_result=True,
        task_serializer="json",
        broker_connection_retry=False,
        broker_connection_timeout=WAIT_S,
        broker_transport_options={
            "socket_timeout": WAIT_S,
            "socket_connect_timeout": WAIT_S,
            "max_retries": 0,
        },
    )
    return app


def ring_bell(bells: Any, app: Celery, queue: str) -> None:
    """Ask a worker to drain ``queue``, unless a bell rings already; raises as ``publish`` does.

    Each message has a number, and only the last one counts: a drain that lasts longer than a bell
    rings would find as many more waiting as were rung meanwhile, and they would pile up.
    """
    if bells.set(f"bell:{queue}", "1", nx=True, px=RINGING_MS):
        publish(app, "kernel.drain", queue, queue, int(bells.incr(rung(queue))))


def rung(queue: str) -> str:
    """The key of the last message's number."""
    return f"bell:{queue}:rung"


def publish(app: Celery, task: str, queue: str, *args: Any, expires: float | None = None) -> None:
    """Send ``task`` to ``queue``; raises what kombu or redis raise when that cannot be done at once."""
    app.send_task(task, args, queue=queue, retry=False, ignore_result=True, expires=expires)
