"""Part (d): replies through the simulator, for one number, without pacing."""

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from tests.bench.arena import Arena
from tests.bench.arrival import conversations_of
from tests.bench.errors import Failed
from tests.bench.figures import Findings
from tests.bench.http1 import Connection
from tests.bench.shapes import believe
from tests.bench.signing import FIRST_CUSTOMER
from tests.bench.stack import BenchStack, Tenant

CONVERSATIONS, CALLERS = 50, 4
UNPACED = 1_000_000
WAIT_S = 300.0
PAGE = 1_000


def measure(arena: Arena) -> Findings:
    """Replies are queued while the outbound worker is stopped, then it is started and timed."""
    found, stack = Findings("d"), arena.stack()
    stack.start_all()
    arena.wait_until_quiet()
    tenant = stack.tenants[0]
    threads = _conversations(arena, tenant)
    _without_pacing(stack)
    believe(stack)
    rates, queued, events = [], [], []
    for repetition in range(arena.sizes.reply_repetitions):
        queue_s, rate = _one_round(arena, tenant, threads, f"reply{repetition}")
        queued.append(arena.sizes.replies / queue_s)
        rates.append(rate)
        began = time.monotonic()
        arena.wait_until_quiet()
        events.append(time.monotonic() - began)
        arena.say(f"{arena.sizes.replies:,} replies: {rate:,.0f}/s sent, "
                  f"{queued[-1]:,.0f}/s taken by the API")  # fmt: skip
    label = f"{arena.sizes.replies:,} replies over {CONVERSATIONS} conversations"
    found.add(f"sent, {label}", "/s", rates, bar=(">=", 200))
    found.add(f"taken by the API, {CALLERS} connections", "/s", queued)
    found.add("from the last call until nothing is due", "s", events)
    found.remark("Sends are timed from the first to the last call in the simulator's own ledger; "
                 "there each conversation's replies were in order. They were queued through the "
                 "API while the outbound worker was stopped, so the API's speed is not in them; "
                 "the statuses that come back are worked on at the same time.")  # fmt: skip
    return found


def _conversations(arena: Arena, tenant: Tenant) -> dict[str, str]:
    """Customers who have just written to one number, so that replies are allowed."""
    stack, number = arena.stack(), tenant.numbers[0]
    load = stack.load("ask", CONVERSATIONS, 1, numbers=[number], customers=CONVERSATIONS,
                      first_customer=FIRST_CUSTOMER + 10_000)  # fmt: skip
    load.finish()
    arena.wait_until_quiet()
    writers = load.orders.writers
    return conversations_of(stack.db, [writers.sender(i) for i in range(CONVERSATIONS)])


def _without_pacing(stack: BenchStack) -> None:
    """The number's pace is a column of its channel, the pair's a setting of the worker."""
    stack.db["channels"].update_many({}, {"$set": {"sends_per_second": UNPACED}})
    stack.stop("worker-outbound")
    stack.start("worker-outbound", env={"SWITCHBOARD_PAIR_BURST": str(UNPACED)})


def _one_round(
    arena: Arena, tenant: Tenant, threads: dict[str, str], run: str
) -> tuple[float, float]:
    """Seconds to queue, and calls a second from the first to the last."""
    stack, count = arena.stack(), arena.sizes.replies
    stack.stop("worker-outbound")
    simulator = Connection(stack.addresses.simulator)
    before = simulator.get("/_sim/requests?limit=1&since=0").json()["last"]
    queue_s = _queue(stack, tenant, list(threads.values()), run, count)
    stack.start("worker-outbound")
    calls = _calls(simulator, before, count)
    _check_order(calls, run, count)
    times = sorted(float(call["at"]) for call in calls)
    return queue_s, (count - 1) / max(times[-1] - times[0], 0.001)


def _queue(
    stack: BenchStack, tenant: Tenant, threads: Sequence[str], run: str, count: int
) -> float:
    """Post the replies; each conversation's by one caller, one after the other."""
    problems: list[str] = []

    def caller(number: int) -> None:
        api = stack.api(tenant)
        for index in range(count):
            if index % len(threads) % CALLERS == number:
                path = f"/api/v1/conversations/{threads[index % len(threads)]}/messages"
                text = f"{run} {index // len(threads) + 1} Yes, it is on its way."
                answer = api.post(path, {"type": "text", "text": text})
                if answer.status != 201:
                    problems.append(f"{answer.status} {answer.body[:200]!r}")
                    return

    callers = [threading.Thread(target=caller, args=(n,), daemon=True) for n in range(CALLERS)]
    began = time.monotonic()
    for each in callers:
        each.start()
    for each in callers:
        each.join()
    if problems:
        raise Failed(f"a reply was refused: {problems[0]}")
    return time.monotonic() - began


def _calls(simulator: Connection, before: int, count: int) -> list[dict[str, Any]]:
    """The calls that sent a text, as the simulator recorded them."""
    calls: list[dict[str, Any]] = []
    until, since = time.monotonic() + WAIT_S, before
    while len(calls) < count:
        path = f"/_sim/requests?since={since}&limit={PAGE}"
        found = simulator.get(path).json()["requests"]
        calls += [c for c in found if c["path"].endswith("/messages") and c["type"] == "text"]
        since = found[-1]["n"] if found else since
        if time.monotonic() > until:
            raise Failed(f"{len(calls)} of {count} replies were sent within {WAIT_S:.0f} s")
        # The whole ledger is looked through each time; seldom enough not to be part of the load.
        time.sleep(0.5)
    return calls


def _check_order(calls: Sequence[dict[str, Any]], run: str, count: int) -> None:
    """Raises ``Failed`` unless each customer got the replies once and in order."""
    got: dict[str, list[int]] = defaultdict(list)
    for call in calls:
        if call["status"] != 200:
            raise Failed(f"the simulator refused a reply: {call['status']} {call['code']}")
        name, number, *_ = call["body"]["text"]["body"].split()
        if name == run:
            got[call["body"]["to"]].append(int(number))
    whole = sum(map(len, got.values())) == count
    if not whole or any(each != sorted(set(each)) for each in got.values()):
        raise Failed("replies were missing, doubled or out of order at the simulator")
