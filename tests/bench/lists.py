"""Part (c): lists through HTTP over one kept-alive connection, small and large."""

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import Any

from kernel.dev.layout import ROOT
from tests.bench import dataset, population, shapes
from tests.bench.arena import Arena
from tests.bench.errors import Failed
from tests.bench.figures import Findings, Measure, percentile
from tests.bench.list_cases import Case, Side, cases
from tests.bench.stack import BenchStack

SMALL = "bench_small"
MOST_IN_GROUP = 10_000
SLICE = 10
REPORT_EVERY_S = 10.0


def measure(arena: Arena) -> Findings:
    """Build what is missing; then small, large and the bare driver's find take turns."""
    found, sizes = Findings("c"), arena.sizes
    with ExitStack() as leaving:
        large = leaving.enter_context(BenchStack(arena.data / f"lists-{sizes.name}"))
        small = BenchStack(large.folder.path / "small", database=SMALL, beside=large)
        leaving.enter_context(small)
        _data_sets(arena, small, large)
        for stack in (small, large):
            stack.start("web")
        sides = {name: Side.of(stack, sizes.small_conversations)
                 for name, stack in (("small", small), ("large", large))}  # fmt: skip
        for case in cases(sides):
            _measure_case(arena, found, sides, case)
    found.remark(
        f"small: {sizes.small_conversations:,} conversations, large: {sizes.large_conversations:,}, "
        f"each with {population.PER_CONVERSATION} messages on average, in two databases of one "
        f"mongod with a cache of {os.environ.get('SWITCHBOARD_MONGO_CACHE_GB', '0.5')} GB; "
        f"50 rows, one connection. Each figure is the median of a repetition's requests."
    )
    return found


def _measure_case(arena: Arena, found: Findings, sides: dict[str, Side], case: Case) -> None:
    sizes = arena.sizes
    medians: dict[str, list[float]] = {name: [] for name in ("small", "large", "raw")}
    for _ in range(sizes.list_repetitions):
        times: dict[str, list[float]] = {name: [] for name in medians}
        for begin in range(0, sizes.list_requests, SLICE):
            for name, side in sides.items():
                times[name] += [case.ask(side, begin + i) for i in range(SLICE)]
            times["raw"] += [case.find(sides["large"], begin + i) for i in range(SLICE)]
        for name, milliseconds in times.items():
            medians[name].append(percentile(sorted(milliseconds), 50))
    ratios = [b / a for a, b in zip(medians["small"], medians["large"], strict=True)]
    # A page of the backoffice is to be flat; that it is an HTML page costs what it costs.
    bar = None if case.who == "staff" else ("<=", 10)
    found.add(f"{case.name}: small p50", "ms", medians["small"], bar=bar)
    found.add(f"{case.name}: large p50", "ms", medians["large"], bar=bar)
    found.add(f"{case.name}: large to small", "ratio", ratios, bar=("<=", 1.3))
    raw = found.add(f"{case.name}: raw find, large", "ms", medians["raw"])
    arena.say(f"{case.name}: {_brief(found, -4)} small, {_brief(found, -3)} large, "
              f"raw {raw.median:.2f} ms")  # fmt: skip


def _brief(found: Findings, index: int) -> str:
    measure: Measure = found.measures[index]
    return f"{measure.median:.1f} ms"


def _data_sets(arena: Arena, small: BenchStack, large: BenchStack) -> None:
    """Make or complete both data sets."""
    sizes, state = arena.sizes, dataset.progress(large.db)
    if state is None:
        large.prepare()
        arena.say("making one of each document through the product")
        tenant = large.tenants[0]
        shapes.make_members(large, tenant.id, sizes.small_conversations)
        documents = shapes.one_of_each(large)
        large.stop_running("simulator")
        arena.say("copying the tenants to the small side")
        copy_tenants(large, SMALL)
        for stack in (small, large):
            dataset.begin(stack.db, documents, tenant.id)
    else:
        for stack in (small, large):
            stack.manage("migrate", timeout=1800)
    _build(arena, small, sizes.small_conversations)
    _build(arena, large, sizes.large_conversations)


def copy_tenants(stack: BenchStack, name: str) -> None:
    """What the large side has so far, its tenants, keys and channels, is the small one's too."""
    known = set(dataset.COLLECTIONS)
    for each in stack.db.list_collection_names():
        if each in known or stack.db[each].find_one():
            stack.db[each].aggregate([{"$out": {"db": name, "coll": each}}])
            indexes = [{k: v for k, v in spec.items() if k not in {"v", "ns"}}
                       for spec in stack.db[each].list_indexes()]  # fmt: skip
            stack.client[name].command("createIndexes", each, indexes=indexes)


def _build(arena: Arena, stack: BenchStack, conversations: int) -> None:
    """Run the builder and tell how far it is."""
    state = dataset.progress(stack.db)
    if state is None or state["complete"]:
        return
    size = min(arena.sizes.small_conversations, MOST_IN_GROUP)
    database = stack.uses.mongodb_name
    command = [sys.executable, "-m", "tests.bench.dataset", database, str(conversations), str(size)]
    began, told, first = time.monotonic(), 0.0, state["groups"]
    builder = subprocess.Popen(command, cwd=ROOT, env=stack.env)
    try:
        while builder.poll() is None:
            time.sleep(0.2)
            if time.monotonic() - told >= REPORT_EVERY_S:
                told = time.monotonic()
                arena.say(_progress(dataset.progress(stack.db), conversations // size,
                                    size, first, told - began))  # fmt: skip
    finally:
        builder.terminate()
        builder.wait(60)
    if builder.returncode:
        raise Failed(f"the data set could not be built: exit code {builder.returncode}")
    arena.say(f"{conversations:,} conversations built in {time.monotonic() - began:.0f} s")


def _progress(state: Any, groups: int, size: int, first: int, seconds: float) -> str:
    done = state["groups"]
    text = f"{done * size:,} of {groups * size:,} conversations inserted"
    if done < groups and done > first:
        left = seconds / (done - first) * (groups - done)
        return f"{text}, indexes follow; about {left / 60:.0f} min of inserting left"
    return f"{text}; {state.get('step', 'starting')}"
