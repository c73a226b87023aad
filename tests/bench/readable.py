"""Part (b): from the POST until the message can be read."""

import time

from tests.bench import raw_batches
from tests.bench.arena import Arena
from tests.bench.arrival import ApiSample, Arrivals, Sample, conversations_of
from tests.bench.errors import Failed
from tests.bench.figures import Findings, percentile
from tests.bench.load import CUSTOMERS
from tests.bench.signing import Writers
from tests.bench.stack import BenchStack
from tests.bench.through_api import in_order

CONNECTIONS, RATE = 16, 100
STALLED_S = 120.0
# One message a second is also looked for through the API.
API_SAMPLE = 100


def measure(arena: Arena) -> Findings:
    """Sustained beside the raw limit, then a steady 100 a second."""
    found, stack = Findings("b"), arena.stack()
    stack.start_all()
    arena.empty_inbox()
    arena.wait_until_quiet()
    _sustained(arena, found)
    arena.wait_until_quiet()
    _steady(arena, found)
    return found


def _sustained(arena: Arena, found: Findings) -> None:
    sizes, stack = arena.sizes, arena.stack()
    limits, rates, posted = [], [], []
    _one_of_each(arena)
    for repetition in range(sizes.sustained_repetitions):
        limits.append(raw_batches.messages_per_second(stack, sizes.sustained))
        run = f"sustain{repetition}"
        rate, post_s = _one_flood(arena, run)
        rates.append(rate)
        posted.append(post_s)
        arena.say(f"{sizes.sustained:,} messages: {rate:,.0f}/s (raw {limits[-1]:,.0f}/s), "
                  f"acknowledged after {post_s:.1f} s")  # fmt: skip
        waited = arena.wait_until_quiet()
        checked = in_order(stack, run, sizes.sustained, CUSTOMERS)
        arena.say(
            f"{checked:,} messages read through the API, in order; quiet after {waited:.1f} s"
        )
    note = f"{sizes.sustained:,} messages"
    found.add("raw limit: messages and conversations in batches", "/s", limits)
    found.add(f"readable, sustained, {note}", "/s", rates, bar=(">=", 800))
    found.add(f"time to acknowledge {note}", "s", posted)


def _one_of_each(arena: Arena) -> None:
    """Every customer has a conversation before the clock starts; the raw limit needs one to copy."""
    arena.stack().load("first", CUSTOMERS, CONNECTIONS).finish()
    arena.wait_until_quiet()


def _one_flood(arena: Arena, run: str) -> tuple[float, float]:
    """Post as fast as the edge takes it; messages a second until the last is there, and the time of posting."""
    stack, count = arena.stack(), arena.sizes.sustained
    before = stack.db["messages"].count_documents({})
    load = stack.load(run, count, CONNECTIONS)
    last = _when_stored(stack, before + count)
    result = load.finish()
    stored = stack.db["messages"].count_documents({})
    if stored != before + count:
        raise Failed(f"{count} messages were posted and {stored - before} are stored")
    return count / (last - result.first), result.last - result.first


def _when_stored(stack: BenchStack, wanted: int) -> float:
    """The instant at which a majority read finds so many.

    The collection's own count costs nothing to ask, but has what is not committed yet: when it
    says enough, the rows are counted.
    """
    messages, held, moved = stack.db["messages"], 0, time.monotonic()
    while held < wanted:
        time.sleep(0.02)
        count = messages.estimated_document_count()
        if count >= wanted:
            count = messages.count_documents({})
        now = time.monotonic()
        if count != held:
            held, moved = count, now
        if now - moved > STALLED_S:
            raise Failed(f"{wanted - held} messages are missing and nothing moves any more")
    return time.monotonic()


def _steady(arena: Arena, found: Findings) -> None:
    sizes = arena.sizes
    p50s, p99s, api, costs = [], [], [], []
    for repetition in range(sizes.readable_repetitions):
        milliseconds, sample, cost = _one_steady(arena, f"steady{repetition}")
        p50s.append(percentile(milliseconds, 50))
        p99s.append(percentile(milliseconds, 99))
        api.append(percentile(sample, 50))
        costs.append(cost)
        arena.say(f"{RATE}/s: p50 {p50s[-1]:.0f} ms, p99 {p99s[-1]:.0f} ms, "
                  f"through the API p50 {api[-1]:.0f} ms of {len(sample)}")  # fmt: skip
        arena.wait_until_quiet()
    label = f"{RATE}/s for {sizes.readable_seconds:.0f} s"
    found.add(f"readable p50, {label}", "ms", p50s, bar=("<=", 60))
    found.add(f"readable p99, {label}", "ms", p99s, bar=("<=", 300))
    found.add("seen in the API's answer, p50 of a sample", "ms", api)
    found.remark(f"Looking for messages at {RATE}/s cost in each repetition: {'; '.join(costs)}.")


def _one_steady(arena: Arena, run: str) -> tuple[list[float], list[float], str]:
    stack, seconds = arena.stack(), arena.sizes.readable_seconds
    count = int(RATE * seconds)
    load = stack.load(run, count, CONNECTIONS, rate=RATE)
    writers = load.orders.writers
    schedule = [load.started + index / RATE for index in range(count)]
    arrivals = Arrivals(stack, writers, schedule)
    sample = ApiSample(_samples(stack, writers, schedule), give_up_s=20)
    arrivals.start()
    sample.start()
    load.finish()
    milliseconds = arrivals.finish(60)
    sample.join(30)
    if len(milliseconds) != count:
        raise Failed(f"{count - len(milliseconds)} of {count} messages were never readable")
    cost = f"{arrivals.cost}, and {sample.asked} requests to the API"
    return milliseconds, sample.took_ms, cost


def _samples(stack: BenchStack, writers: Writers, schedule: list[float]) -> list[Sample]:
    """Every hundredth message, in the conversation that its sender has already."""
    chosen = range(API_SAMPLE // 2, len(schedule), API_SAMPLE)
    threads = conversations_of(stack.db, [writers.sender(index) for index in chosen])
    apis = {t.numbers[0]: stack.api(t) for t in stack.tenants}
    return [
        Sample(schedule[i], apis[writers.number(i)], threads[writers.sender(i)], writers.text(i))
        for i in chosen
    ]
