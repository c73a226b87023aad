"""Tells stream processes that a tenant's feed has grown. The feed itself is in MongoDB."""

import time
from typing import Any

import structlog

from kernel.work.bell import bell_client

log = structlog.get_logger(agentName="kernel")
STREAM = "feed:growth"
KEPT = 10_000
BREAK_S = 2.0
PAGE = 500
_away_until = 0.0


def publish(tenant_id: str, number: int) -> None:
    """Add ``tenant → number`` to the Redis stream; never raises, because streams poll as well."""
    global _away_until
    if time.monotonic() < _away_until:
        return  # a frozen Redis costs whoever works 0.25 s once, not for each batch
    try:
        fields: Any = {"tenant": tenant_id, "number": str(number)}
        bell_client().xadd(STREAM, fields, maxlen=KEPT, approximate=True)
    except Exception as error:  # noqa: BLE001  (Redis away costs the poll's period)
        _away_until = time.monotonic() + BREAK_S
        log.warning("feed.unannounced", error=type(error).__name__)


def forget(tenant_id: str) -> int:
    """Take out what was said of a tenant; raises ``RedisError``. Readers go on behind what they read."""
    client: Any = bell_client()
    told: list[bytes] = []
    after = "-"
    while page := client.xrange(STREAM, min=after, count=PAGE):
        told += [id_ for id_, fields in page if fields.get(b"tenant") == tenant_id.encode()]
        after = f"({page[-1][0].decode()}"
    for begin in range(0, len(told), PAGE):
        client.xdel(STREAM, *told[begin : begin + PAGE])
    return len(told)
