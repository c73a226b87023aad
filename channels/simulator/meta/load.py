"""Load: many text messages of many customers, as fast as asked, over kept-alive connections."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from channels.simulator.meta.records import Json, Number
from channels.simulator.meta.settings import BadPatch
from channels.simulator.meta.simulator import Simulator
from channels.simulator.meta.whatsapp.inbound import inject

KEYS = {"count", "customers", "rate", "phone_number_ids", "text", "first_wa_id", "wait"}


@dataclass
class Load:
    """What is to be sent. `rate` is messages a second, 0 for as fast as possible."""

    load_id: int
    count: int
    customers: int
    rate: float
    numbers: list[Number]
    text: str
    first_wa_id: int
    report: Json = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)

    def message(self, index: int) -> Json:
        """The message of this index: customers in turn, each customer with one number."""
        person = index % self.customers
        return {
            "phone_number_id": self.numbers[person % len(self.numbers)].phone_number_id,
            "from": str(self.first_wa_id + person),
            "type": "text",
            "text": {"body": f"{self.text} {index // self.customers + 1}"},
        }


def _read(sim: Simulator, body: Json) -> Load:
    unknown = set(body) - KEYS
    if unknown:
        raise BadPatch(f"unknown: {', '.join(sorted(unknown))}")
    wanted = body.get("phone_number_ids") or list(sim.state.numbers)
    if not wanted or any(str(item) not in sim.state.numbers for item in wanted):
        raise BadPatch("phone_number_ids must name numbers that exist")
    count, customers = int(body.get("count", 100)), int(body.get("customers", 10))
    if not (1 <= count <= 1_000_000 and 1 <= customers <= 1_000_000):
        raise BadPatch("count and customers must be between 1 and 1000000")
    return Load(
        load_id=len(sim.state.loads) + 1,
        count=count,
        customers=customers,
        rate=float(body.get("rate", 0)),
        numbers=[sim.state.numbers[str(item)] for item in wanted],
        text=str(body.get("text", "Load")),
        first_wa_id=int(body.get("first_wa_id", 972_520_000_000)),
    )


async def start_load(sim: Simulator, body: Json) -> Json:
    """Start a load and answer its report at once, or at its end with `wait`.

    The report: `load_id, count, sent, ok, failed, is_done, elapsed_s, per_second, ms{p50,p95,p99,
    max}`; times from the message's creation to the receiver's answer. `failed` counts first
    attempts without 200; they are retried like any webhook.
    """
    load = _read(sim, body)
    load.report |= {"load_id": load.load_id, "count": load.count, "sent": 0, "ok": 0}
    load.report |= {"failed": 0, "is_done": False, "elapsed_s": 0.0, "per_second": 0.0}
    sim.state.loads.append(load.report)
    done = asyncio.Event()
    sim.emitter.background(_run(sim, load, done))
    if body.get("wait"):
        await done.wait()
    return load.report


async def _run(sim: Simulator, load: Load, done: asyncio.Event) -> None:
    started = time.perf_counter()
    ahead = asyncio.Semaphore(sim.state.settings.max_connections * 4)
    try:
        for index in range(load.count):
            if load.rate:
                await asyncio.sleep(max(0.0, started + index / load.rate - time.perf_counter()))
            else:
                await ahead.acquire()
            _send(sim, load, index, ahead)
        while load.report["ok"] + load.report["failed"] < load.count:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        _finish(load, started)
    finally:
        done.set()


def _send(sim: Simulator, load: Load, index: int, ahead: asyncio.Semaphore) -> None:
    created = time.perf_counter()
    _, first = inject(sim, load.message(index))
    load.report["sent"] += 1

    def answered(status: int | None) -> None:
        load.report["ok" if status == 200 else "failed"] += 1
        load.waits.append((time.perf_counter() - created) * 1000)
        if not load.rate:
            ahead.release()

    if first is None:
        answered(None)
    else:
        first.add_done_callback(lambda found: answered(found.result()))


def _finish(load: Load, started: float) -> None:
    elapsed = time.perf_counter() - started
    waits = sorted(load.waits)
    load.report |= {
        "is_done": True,
        "elapsed_s": round(elapsed, 3),
        "per_second": round(load.count / elapsed, 1),
        "ms": {
            "p50": round(waits[len(waits) // 2], 1),
            "p95": round(waits[int(len(waits) * 0.95)], 1),
            "p99": round(waits[int(len(waits) * 0.99)], 1),
            "max": round(waits[-1], 1),
        },
    }
