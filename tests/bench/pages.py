"""Part (g): every list of the backoffice through HTTP, with few and with very many rows in its collection."""

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from kernel.dev.layout import ROOT
from tests.bench import shapes
from tests.bench.arena import Arena
from tests.bench.errors import Failed
from tests.bench.figures import Findings, percentile
from tests.bench.http1 import Connection
from tests.bench.lists import copy_tenants
from tests.bench.population import YEARS, made_id, now
from tests.bench.stack import BenchStack

SMALL, PROGRESS, FEED = "pages_small", "bench_pages", "feed_states"
BATCH, WORTH_TELLING = 5_000, 100_000
# A page of a list has fifty rows; its head and its filters are rows of the table too.
LEAST_ROWS = 50
MOST_AGENTS = 10_000
FIRST_NUMBER = 2_000_000  # beyond those of the few rows that were there before
# Beyond all numbers of the copies: what the product writes meanwhile is numbered after them.
NEXT_NUMBER = 10_000_000
Document = dict[str, Any]


def measure(arena: Arena) -> Findings:
    """Fill what is missing; then the small and the large side take turns, page by page."""
    found, sizes = Findings("g"), arena.sizes
    with ExitStack() as leaving:
        large = leaving.enter_context(BenchStack(arena.data / f"pages-{sizes.name}"))
        small = BenchStack(large.folder.path / "small", database=SMALL, beside=large)
        leaving.enter_context(small)
        listed = _filled(arena, small, large)
        staff = {}
        for name, stack in (("small", small), ("large", large)):
            stack.start("web")
            staff[name] = _staff(stack)
        for each in listed:
            _measure_page(arena, found, staff, each)
    found.remark(
        f"small: {sizes.small_rows:,} rows in each collection, large: {sizes.large_rows:,}; copies of one row "
        "that the tests' factories made, with all indexes, in two databases of one mongod. A page has 50 rows."
    )
    return found


def _measure_page(
    arena: Arena, found: Findings, staff: dict[str, Connection], each: Document
) -> None:
    medians: dict[str, list[float]] = {name: [] for name in staff}
    for _ in range(arena.sizes.list_repetitions):
        for name, browser in staff.items():
            times = [_ask(browser, each["address"]) for _ in range(arena.sizes.page_requests)]
            medians[name].append(percentile(sorted(times), 50))
    ratios = [b / a for a, b in zip(medians["small"], medians["large"], strict=True)]
    name = each["collection"].replace("_", " ")
    found.add(f"{name}: small p50", "ms", medians["small"])
    large = found.add(f"{name}: large p50", "ms", medians["large"])
    ratio = found.add(f"{name}: large to small", "ratio", ratios, bar=("<=", 1.3))
    arena.say(f"{name}: {large.median:.1f} ms, {ratio.median:.2f} of the small one's")


def _ask(browser: Connection, address: str) -> float:
    """Milliseconds of one page. Raises ``Failed`` when it is not a full one."""
    began = time.perf_counter()
    answer = browser.get(address)
    milliseconds = (time.perf_counter() - began) * 1000
    if answer.status != 200 or answer.body.count(b"<tr") < LEAST_ROWS:
        raise Failed(
            f"{address}: {answer.status}, {answer.body.count(b'<tr')} rows of {LEAST_ROWS}"
        )
    return milliseconds


def _staff(stack: BenchStack) -> Connection:
    tenant = stack.tenants[0]
    sessions = _told(stack, "tests.bench.signed_in", tenant.id)
    return Connection(stack.addresses.web, {"Cookie": f"sessionid={sessions['staff']}"})


def _told(stack: BenchStack, module: str, *arguments: str) -> Any:
    """What a helper prints in its last line, from a process of its own with the product's settings."""
    command = [sys.executable, "-m", module, *arguments]
    ended = subprocess.run(
        command, cwd=ROOT, env=stack.env, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise Failed(f"{module}:\n{ended.stderr[-2000:]}")
    return json.loads(ended.stdout.splitlines()[-1])


# ------------------------------------------------------------------ the rows


def _filled(arena: Arena, small: BenchStack, large: BenchStack) -> list[Document]:
    """Both sides with their rows; what was filled before stays."""
    begun = large.db[PROGRESS].find_one({"_id": "rows"})
    if begun is None:
        large.prepare()
        tenant = large.tenants[0]
        shapes.make_members(large, tenant.id, MOST_AGENTS)
        listed = _told(large, "tests.bench.page_rows", tenant.id)
        large.stop_running("simulator")
        copy_tenants(large, SMALL)
        for stack in (small, large):
            stack.db[FEED].update_many(
                {}, {"$set": dict.fromkeys(("audit_seq", "last_number"), NEXT_NUMBER)}
            )
        begun = {"_id": "rows", "listed": listed}
        large.db[PROGRESS].insert_one(begun)
    else:
        for stack in (small, large):
            stack.manage("migrate", timeout=1800)
    for stack, count in ((small, arena.sizes.small_rows), (large, arena.sizes.large_rows)):
        for each in begun["listed"]:
            _fill(arena, stack, each, count)
    listed_: list[Document] = begun["listed"]
    return listed_


def _fill(arena: Arena, stack: BenchStack, each: Document, count: int) -> None:
    """Insert without secondary indexes, then build those; interrupted, a collection is begun anew."""
    name = each["collection"]
    collection, progress = stack.db[name], stack.db[PROGRESS]
    state = progress.find_one({"_id": name}) or _begin(stack, name)
    if state["done"]:
        return
    collection.delete_many({"_id": {"$nin": state["kept"]}})
    template = collection.find_one({"_id": ObjectId(each["id"])})
    with ThreadPoolExecutor(1) as inserting:
        before: Future[Any] | None = None
        for batch in _batches(copies(template, _unique(state["indexes"]), count)):
            if before:
                before.result()
            before = inserting.submit(collection.insert_many, batch, ordered=False)
        if before:
            before.result()
    stack.db.command("createIndexes", name, indexes=state["indexes"])
    progress.update_one({"_id": name}, {"$set": {"done": True}})
    if count >= WORTH_TELLING:
        arena.say(f"{count:,} rows in {name}")


def _begin(stack: BenchStack, name: str) -> Document:
    """Remember what is there and its indexes, and drop these."""
    collection = stack.db[name]
    state = {"_id": name, "done": False, "kept": [row["_id"] for row in collection.find({}, {"_id": 1})],
             "indexes": [{k: v for k, v in spec.items() if k not in {"v", "ns"}}
                         for spec in collection.list_indexes()]}  # fmt: skip
    stack.db[PROGRESS].insert_one(state)
    collection.drop_indexes()
    return state


def _unique(indexes: list[Document]) -> list[str]:
    """The columns by which rows of one tenant are told apart."""
    found = {column for spec in indexes if spec.get("unique") for column in spec["key"]}
    return sorted(found - {"tenantId"})


def copies(template: Document, unique: list[str], count: int) -> Iterator[Document]:
    """Rows like the template, in the order of time, that differ in what must be unique."""
    ends_at, span = now(), YEARS / count
    for number in range(count):
        at = ends_at - YEARS + span * number
        row = {name: at if _is_moment(value) else value for name, value in template.items()}
        row |= {name: _other(template.get(name), number, at) for name in unique}
        yield {**row, "_id": made_id(at, number, 7)}


def _is_moment(value: object) -> bool:
    """A time that something happened; not one that stands for never."""
    return isinstance(value, datetime) and abs(value - now()) < timedelta(days=3650)


def _other(value: Any, number: int, at: datetime) -> Any:
    if isinstance(value, ObjectId):
        return made_id(at, number, 8)
    if isinstance(value, str):
        return f"{value}-{number}"
    if isinstance(value, int) and not isinstance(value, bool):
        return FIRST_NUMBER + number
    return value


def _batches(rows: Iterator[Document]) -> Iterator[list[Document]]:
    while batch := list(itertools.islice(rows, BATCH)):
        yield batch
