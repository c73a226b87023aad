"""Which queues have a living worker: each says so every two seconds, and is silent soon after its end.

The canaries tell that a queue is *served*, which one long drain may delay; this tells of a worker that died
or was frozen, within ten seconds.
"""

import time
from collections.abc import Iterable

from redis import Redis

from kernel.work import bell

EVERY_S, SILENT_S = 2.0, 8.0


def tell_alive(queues: Iterable[str]) -> None:
    """A worker of these queues lives."""
    told = bell.bell_client().pipeline(transaction=False)
    for queue in queues:
        told.set(_key(queue), "1", px=int(SILENT_S * 1000))
    told.execute()


def silent(client: Redis, queues: Iterable[str]) -> set[str]:
    """Those of the queues of which no worker has said anything lately; raises ``RedisError``."""
    names = list(queues)
    said = client.mget([_key(queue) for queue in names]) if names else []
    return {queue for queue, one in zip(names, said, strict=True) if one is None}


def tell_forever(queues: tuple[str, ...]) -> None:
    """For a thread of the worker's own."""
    while True:
        try:
            tell_alive(queues)
        except Exception as error:  # noqa: BLE001  (Redis is away, which is told by itself)
            bell.log.debug("alive.untold", error=type(error).__name__)
        time.sleep(EVERY_S)


def _key(queue: str) -> str:
    return f"alive:{queue}"
