"""Part (a): signed, unique webhooks that are durable before they are answered."""

from dataclasses import dataclass

from tests.bench.arena import Arena
from tests.bench.figures import Findings
from tests.bench.load import Result, enough, measure_ceiling
from tests.bench.stack import BARE, WORKERS

CONNECTIONS = (8, 16, 64)
RATE, OPEN_CONNECTIONS = 1_000, 64
QUIET = (*WORKERS, "web", "stream", "simulator")


def measure(arena: Arena) -> Findings:
    """Closed loops beside the limit, then an open loop; the workers run in the last figure only."""
    found, stack = Findings("a"), arena.stack()
    stack.stop_running(*QUIET)
    stack.start(BARE)
    if not stack.is_running("edge"):
        stack.start("edge")
    found.remark("While (a) is measured only mongod, redis, the edge and the bare application run.")
    for connections in CONNECTIONS:
        _closed(arena, found, connections)
    _open(arena, found)
    stack.stop(BARE)
    _with_workers(arena, found)
    _forget(arena)
    _ceiling(arena, found)
    return found


@dataclass(frozen=True)
class _Pair:
    """One repetition: the bare application, then the edge."""

    limit: Result
    ours: Result


def _pairs(arena: Arena, name: str, connections: int, seconds: float, rate: float) -> list[_Pair]:
    pairs = []
    for repetition in range(arena.sizes.ack_repetitions):
        _forget(arena)
        results = [
            _run(arena, f"{name}{repetition}{who}", connections, seconds, rate, port)
            for who, port in (("L", arena.stack().ports.stream), ("E", arena.stack().ports.edge))
        ]
        pairs.append(_Pair(*results))
        arena.say(f"{name}: limit {_brief(results[0], rate)}, ours {_brief(results[1], rate)}")
    return pairs


def _run(
    arena: Arena, run: str, connections: int, seconds: float, rate: float, port: int
) -> Result:
    warm = arena.sizes.ack_warm_s
    count = int(rate * (warm + seconds)) if rate else enough(warm + seconds)
    return (
        arena.stack()
        .load(run, count, connections, port=port, rate=rate, warm_s=warm,
              seconds=0 if rate else warm + seconds)
        .finish()
    )  # fmt: skip


def _brief(result: Result, rate: float) -> str:
    return f"p99 {result.p99_ms:.1f} ms" if rate else f"{result.per_second:,.0f}/s"


def _closed(arena: Arena, found: Findings, connections: int) -> None:
    pairs = _pairs(arena, f"acks{connections}c", connections, arena.sizes.ack_seconds, 0)
    label = f"{connections} connections"
    found.add(f"bare application, {label}", "/s", [p.limit.per_second for p in pairs])
    found.add(f"edge, {label}", "/s", [p.ours.per_second for p in pairs])
    ratios = [p.ours.per_second / p.limit.per_second for p in pairs]
    found.add(f"edge to bare, {label}", "ratio", ratios, bar=(">=", 0.7))
    found.add(f"edge p99, {label}", "ms", [p.ours.p99_ms for p in pairs])


def _open(arena: Arena, found: Findings) -> None:
    pairs = _pairs(arena, "open", OPEN_CONNECTIONS, arena.sizes.open_seconds, RATE)
    label = f"open loop at {RATE:,}/s"
    found.add(f"bare application p99, {label}", "ms", [p.limit.p99_ms for p in pairs])
    found.add(f"edge p50, {label}", "ms", [p.ours.p50_ms for p in pairs])
    found.add(f"edge p99, {label}", "ms", [p.ours.p99_ms for p in pairs], bar=("<=", 50))


def _with_workers(arena: Arena, found: Findings) -> None:
    """The same machine also does the work that the webhooks bring."""
    stack, sizes = arena.stack(), arena.sizes
    _forget(arena)
    stack.start("simulator", *WORKERS)
    rates = []
    for repetition in range(sizes.ack_repetitions):
        result = _run(arena, f"busy{repetition}", 64, sizes.ack_seconds, 0, stack.ports.edge)
        rates.append(result.per_second)
        arena.say(f"with the workers running: {result.per_second:,.0f}/s")
    stack.stop_running(*WORKERS)
    found.add("edge, 64 connections, workers running", "/s", rates)


def _ceiling(arena: Arena, found: Findings) -> None:
    for connections in CONNECTIONS:
        result = measure_ceiling(connections, min(arena.sizes.ack_seconds, 2))
        found.add(f"the generator's own ceiling, {connections} connections", "/s",
                  [result.per_second])  # fmt: skip


def _forget(arena: Arena) -> None:
    """What was only posted to be counted would be worked on for minutes by the next part."""
    arena.empty_inbox()
    arena.stack().client.drop_database("bench_limit")
