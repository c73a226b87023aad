"""Part (f): a small tenant while another one's backlog is worked off (row 25 of the fault matrix)."""

import threading
import time
from dataclasses import dataclass

from tests.bench.arena import Arena
from tests.bench.arrival import Arrivals
from tests.bench.errors import Failed
from tests.bench.figures import Findings, percentile
from tests.bench.load import CUSTOMERS
from tests.bench.memory import peak_rss_mb
from tests.bench.signing import FIRST_CUSTOMER
from tests.bench.stack import WORKERS, BenchStack

CONNECTIONS, RATE, NEIGHBOURS = 16, 5, 20
LONGEST_S = 900.0
NEIGHBOUR_FIRST = FIRST_CUSTOMER + 20_000


@dataclass(frozen=True)
class _Round:
    """Milliseconds of the small tenant, and how the backlog went."""

    readable_ms: list[float]
    ack_p99_ms: float
    drain_s: float
    peak_mb: float


def measure(arena: Arena) -> Findings:
    """The backlog is accepted with the workers stopped; the small tenant posts while it drains."""
    found, stack = Findings("f"), arena.stack()
    stack.start_all()
    arena.empty_inbox()
    arena.wait_until_quiet()
    rounds = []
    for repetition in range(arena.sizes.backlog_repetitions):
        stack.stop_running(*WORKERS)
        rounds.append(_one(arena, f"fair{repetition}"))
        arena.wait_until_quiet()
    _tell(arena, found, rounds)
    return found


def _one(arena: Arena, run: str) -> _Round:
    stack, backlog = arena.stack(), arena.sizes.backlog
    large, small = stack.tenants
    result = stack.load(
        f"{run}big", backlog, CONNECTIONS, numbers=[large.numbers[0]], customers=CUSTOMERS
    ).finish()
    arena.say(f"{backlog:,} accepted at {result.per_second:,.0f}/s, starting the workers")
    held = stack.db["messages"].count_documents({})
    stack.start(*WORKERS)
    return _meanwhile(arena, run, small.numbers[0], held + backlog)


def _meanwhile(arena: Arena, run: str, number: str, wanted: int) -> _Round:
    """The small tenant posts in short loads, one after the other, until the backlog is gone."""
    stack, watch = arena.stack(), _Backlog(arena.stack(), wanted)
    watch.start()
    readable: list[float] = []
    acks: list[float] = []
    piece, seconds = 0, 4.0 if arena.sizes.name == "quick" else 20.0
    while watch.is_draining or not piece:
        milliseconds, ack = _neighbour(stack, f"{run}n{piece}", number, seconds, watch)
        readable += milliseconds
        acks.append(ack)
        piece += 1
        arena.say(f"{watch.left:,} left; neighbour readable p99 "
                  f"{percentile(milliseconds, 99):,.0f} ms, ack p99 {ack:.0f} ms")  # fmt: skip
    watch.finish()
    return _Round(sorted(readable), max(acks), watch.drain_s, watch.peak_mb)


def _neighbour(
    stack: BenchStack, run: str, number: str, seconds: float, watch: "_Backlog"
) -> tuple[list[float], float]:
    count = int(RATE * seconds)
    load = stack.load(
        run, count, 4, numbers=[number], customers=NEIGHBOURS, rate=RATE,
        first_customer=NEIGHBOUR_FIRST,
    )  # fmt: skip
    schedule = [load.started + index / RATE for index in range(count)]
    arrivals = Arrivals(stack, load.orders.writers, schedule)
    watch.neighbours.append(arrivals)
    arrivals.start()
    result = load.finish()
    milliseconds = arrivals.finish(LONGEST_S)
    if len(milliseconds) != count:
        raise Failed(f"{count - len(milliseconds)} messages of the small tenant never came")
    return milliseconds, result.p99_ms


class _Backlog(threading.Thread):
    """Watches the count of messages, without the neighbours', and the worker's size."""

    def __init__(self, stack: BenchStack, wanted: int) -> None:
        super().__init__(name="backlog", daemon=True)
        self._messages = stack.db["messages"]
        self._leader = stack.pid("worker-inbound")
        self._wanted = wanted
        self.neighbours: list[Arrivals] = []
        self._began = time.monotonic()
        self.left = self.drain_s = self.peak_mb = 0.0
        self.is_draining = True

    def run(self) -> None:
        while self.is_draining and time.monotonic() - self._began < LONGEST_S:
            time.sleep(0.25)
            theirs = sum(len(each.took_s) for each in list(self.neighbours))
            held = self._messages.estimated_document_count() - theirs
            self.left = max(self._wanted - held, 0)
            self.peak_mb = max(self.peak_mb, peak_rss_mb(self._leader))
            self.drain_s = time.monotonic() - self._began
            self.is_draining = self.left > 0

    def finish(self) -> None:
        self.join(LONGEST_S)
        if self.is_draining:
            raise Failed(f"{self.left:,.0f} of the backlog are left after {LONGEST_S:.0f} s")


def _tell(arena: Arena, found: Findings, rounds: list[_Round]) -> None:
    backlog = arena.sizes.backlog
    label = f"during another tenant's {backlog:,}"
    for percent, bar in ((50, None), (99, ("<=", 1_000.0))):
        values = [percentile(each.readable_ms, percent) for each in rounds]
        found.add(f"small tenant readable p{percent}, {label}", "ms", values, bar=bar)
    found.add("small tenant acknowledged p99, the worst stretch", "ms",
              [each.ack_p99_ms for each in rounds], bar=("<=", 250))  # fmt: skip
    found.add("backlog worked off", "/s", [backlog / each.drain_s for each in rounds])
    found.add("inbound worker, largest process at its largest", "MB RSS",
              [each.peak_mb for each in rounds])  # fmt: skip
    found.remark(f"The small tenant posts {RATE}/s from the instant the workers are ready until "
                 f"the backlog is gone; its times count from the scheduled instant.")  # fmt: skip
