"""The load generator: a process of its own, so that its work is not in anybody else's figures.

`python -m tests.bench.generator` reads `Orders` as JSON from stdin, prints `{"started": …}` when
the first request leaves and the result as its last line. Requests are signed before that. All
times are of the machine's monotonic clock, which its processes share.
"""

import asyncio
import json
import sys
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import uvloop

from tests.bench.figures import percentile
from tests.bench.http1 import answer_in
from tests.bench.signing import FIRST_CUSTOMER, Writers, signed_requests

LATE = 30.0


@dataclass(frozen=True)
class Orders:
    """``rate`` 0 is a closed loop: each connection sends when it was answered.

    Otherwise requests leave at their scheduled instants, whatever became of the ones before, and
    their times count from those instants. ``seconds`` 0 sends ``count`` requests, however long
    that takes; the first ``warm_s`` seconds are not part of the figures.
    """

    host: str
    port: int
    path: str
    secret: str
    numbers: tuple[str, ...]
    customers: int
    run: str
    connections: int
    count: int
    rate: float = 0.0
    warm_s: float = 0.0
    seconds: float = 0.0
    first_customer: int = FIRST_CUSTOMER

    @property
    def writers(self) -> Writers:
        return Writers(self.numbers, self.customers, self.run, self.first_customer)


class Connection(asyncio.Protocol):
    """One kept-alive connection with at most one request under way."""

    def __init__(self, answered: Callable[["Connection", int], None]) -> None:
        self.index = -1
        self._answered = answered
        self._buffer = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def send(self, index: int, request: bytes) -> None:
        self.index = index
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        found = answer_in(self._buffer)
        if found:
            self._buffer = self._buffer[found.end :]
            self._answered(self, found.status)

    def connection_lost(self, error: Exception | None) -> None:
        if self.index >= 0:
            self._answered(self, 0)


class Loop:
    """What both loops share: the requests, when each left and was answered."""

    def __init__(self, orders: Orders, requests: list[bytes]) -> None:
        self.orders, self.requests = orders, requests
        self.sent = array("d", bytes(8 * len(requests)))
        self.answered = array("d", bytes(8 * len(requests)))
        self.statuses: Counter[int] = Counter()
        self.started = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> dict[str, Any]:
        connections = await self._connect()
        self.started = time.monotonic()
        print(json.dumps({"started": self.started}), flush=True)
        self._begin(connections)
        await self.done
        return self._result()

    async def _connect(self) -> list[Connection]:
        loop, orders = asyncio.get_running_loop(), self.orders
        return [
            (await loop.create_connection(lambda: Connection(self._on_answer),
                                          orders.host, orders.port))[1]
            for _ in range(orders.connections)
        ]  # fmt: skip

    def _begin(self, connections: list[Connection]) -> None:
        """Send the first requests."""
        raise AssertionError("a loop of its own kind begins")

    def _on_answer(self, connection: Connection, status: int) -> None:
        """Note an answer; send the next."""
        self.answered[connection.index] = time.monotonic()
        self.statuses[status] += 1
        connection.index = -1

    def _result(self) -> dict[str, Any]:
        begin = self.started + self.orders.warm_s
        pairs = [(s, a) for s, a in zip(self.sent, self.answered, strict=True) if a]
        end = (
            self.started + self.orders.seconds if self.orders.seconds else max(a for _, a in pairs)
        )
        inside = [(s, a) for s, a in pairs if begin <= a <= end]
        milliseconds = sorted((a - s) * 1000 for s, a in inside)
        return {
            "sent": sum(1 for s in self.sent if s),
            "answered": len(pairs),
            "statuses": {str(status): n for status, n in self.statuses.items()},
            "first": self.started,
            "last": max((a for _, a in pairs), default=self.started),
            "per_second": len(inside) / (end - begin) if end > begin else 0.0,
            "p50_ms": percentile(milliseconds, 50),
            "p99_ms": percentile(milliseconds, 99),
            "max_ms": milliseconds[-1] if milliseconds else 0.0,
        }


class ClosedLoop(Loop):
    """Connection k sends requests k, k + connections, …, each when the one before was answered."""

    def _begin(self, connections: list[Connection]) -> None:
        self._next = {id(each): number for number, each in enumerate(connections)}
        self._running = len(connections)
        for connection in connections:
            self._go_on(connection)

    def _on_answer(self, connection: Connection, status: int) -> None:
        super()._on_answer(connection, status)
        self._go_on(connection)

    def _go_on(self, connection: Connection) -> None:
        now, index = time.monotonic(), self._next[id(connection)]
        over = self.orders.seconds and now >= self.started + self.orders.seconds
        if index >= len(self.requests) or over:
            self._running -= 1
            if not self._running:
                self.done.set_result(None)
            return
        self._next[id(connection)] = index + self.orders.connections
        self.sent[index] = now
        connection.send(index, self.requests[index])


class OpenLoop(Loop):
    """Request i is due at i / rate, and leaves then if a connection is free, else as soon as one is."""

    def _begin(self, connections: list[Connection]) -> None:
        self._idle, self._late = deque(connections), deque[int]()
        self._due = self._open = 0
        self._tick()

    def _tick(self) -> None:
        loop, now = asyncio.get_running_loop(), time.monotonic()
        while self._due < len(self.requests) and self._instant(self._due) <= now:
            self.sent[self._due] = self._instant(self._due)
            self._late.append(self._due)
            self._due += 1
        self._send_what_is_due()
        if self._due < len(self.requests):
            loop.call_later(max(self._instant(self._due) - time.monotonic(), 0), self._tick)
        else:
            loop.call_later(LATE, self._give_up)

    def _instant(self, index: int) -> float:
        return self.started + index / self.orders.rate

    def _send_what_is_due(self) -> None:
        while self._idle and self._late:
            index = self._late.popleft()
            self._idle.popleft().send(index, self.requests[index])

    def _on_answer(self, connection: Connection, status: int) -> None:
        super()._on_answer(connection, status)
        self._open += 1
        if status:
            self._idle.append(connection)
        self._send_what_is_due()
        if self._open == len(self.requests) and not self.done.done():
            self.done.set_result(None)

    def _give_up(self) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def main() -> None:
    given = json.loads(sys.stdin.read())
    orders = Orders(**{**given, "numbers": tuple(given["numbers"])})
    requests = signed_requests(
        orders.writers, orders.count, secret=orders.secret, path=orders.path, host=orders.host
    )
    loop = OpenLoop if orders.rate else ClosedLoop
    used = time.process_time()
    result = await loop(orders, requests).run()
    print(json.dumps({**result, "cpu_s": time.process_time() - used}), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
