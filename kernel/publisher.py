"""Sending a Celery message without ever waiting for Redis. Free of Django, because the edge has none."""

from typing import Any

from celery import Celery

WAIT_S = 0.25


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


def publish(app: Celery, task: str, queue: str, *args: Any, expires: float | None = None) -> None:
    """Send ``task`` to ``queue``; raises what kombu or redis raise when that cannot be done at once."""
    app.send_task(task, args, queue=queue, retry=False, ignore_result=True, expires=expires)
