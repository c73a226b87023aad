"""The lists that are measured: the API's address of each, and the bare driver's find for the same rows."""

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from bson import ObjectId

from kernel.dev.layout import ROOT
from tests.bench.errors import Failed
from tests.bench.http1 import Answer, Connection
from tests.bench.population import LONGEST
from tests.bench.stack import BenchStack, Tenant

ROWS, DEEPEST, THREADS = 50, 100, 500
ALL = ["open", "pending", "closed"]
NEWEST = [("last_activity_at", -1), ("_id", -1)]
Path = Callable[["Side", int], str]
Where = Callable[["Side", int], dict[str, Any]]


@dataclass
class Side:
    """One data set: connections to it by who asks, and what its lists are filtered by."""

    callers: dict[str, Connection]
    db: Any
    tenant: ObjectId
    member: str
    channel: str
    regular: str
    threads: list[str]
    pages: int
    deep: str = ""

    @classmethod
    def of(cls, stack: BenchStack, smallest: int) -> Self:
        """`smallest` is the number of conversations of the smaller data set."""
        tenant, db = stack.tenants[0], stack.db
        id_ = ObjectId(tenant.id)
        long = db["conversations"].find({"tenantId": id_, "message_count": LONGEST}).limit(THREADS)
        threads = [str(row["_id"]) for row in long]
        # The regular has a hundred conversations, the first of a group, all with one contact.
        regular = db["conversations"].find_one({"tenantId": id_, "number": 1_000})
        member = db["tenant_users"].find_one({"tenantId": id_, "email": {"$regex": "^agent7@"}})
        side = cls(_callers(stack, tenant), db, id_, str(member["_id"]), tenant.channels[0],
                   str(regular["contact_id"]), threads, min(DEEPEST, smallest // ROWS * 3 // 4))  # fmt: skip
        side.deep = side._walk(side.pages)
        return side

    def _walk(self, pages: int) -> str:
        """The cursor behind so many pages."""
        cursor = ""
        for _ in range(pages):
            page = self.callers["key"].get(f"/api/v1/conversations?limit={ROWS}{cursor}")
            if page.status != 200:
                raise Failed(f"a page of conversations answers {page.status}: {page.body[:300]!r}")
            if not page.json()["next"]:
                break
            cursor = f"&cursor={page.json()['next']}"
        return cursor


@dataclass(frozen=True)
class Case:
    """One list. ``rows`` is the least number that a page must have to count.

    ``who`` asks: a key, a signed-in agent, or staff, who get the backoffice's pages.
    """

    name: str
    path: Path
    collection: str
    where: Where
    order: Sequence[tuple[str, int]]
    rows: int = ROWS
    who: str = "key"

    def ask(self, side: Side, turn: int) -> float:
        """Milliseconds of one request. Raises ``Failed`` when it is not a full page."""
        path = self.path(side, turn)
        began = time.perf_counter()
        answer = side.callers[self.who].get(path)
        took = time.perf_counter() - began
        if answer.status != 200 or self._rows_of(answer) < self.rows:
            raise Failed(f"{path}: {answer.status}, not {self.rows} rows: {answer.body[:200]!r}")
        return took * 1000

    def _rows_of(self, answer: Answer) -> int:
        return answer.body.count(b"<tr") if self.who == "staff" else len(answer.json()["results"])

    def find(self, side: Side, turn: int) -> float:
        """Milliseconds of the bare driver's find for the same page."""
        where = {"tenantId": side.tenant, **self.where(side, turn)}
        began = time.perf_counter()
        list(side.db[self.collection].find(where).sort(self.order).limit(ROWS + 1))
        return (time.perf_counter() - began) * 1000


def cases(sides: dict[str, Side]) -> list[Case]:
    """Conversations by each filter, deep in the list, and the messages of one conversation."""
    listed = [
        _conversations("all conversations", "", {}),
        _conversations("status open", "&status=open", {"status": "open"}),
        _conversations("status closed", "&status=closed", {"status": "closed"}),
        _conversations("of one assignee", "&assignee={side.member}", {"assignee_id": "member"}),
        _conversations("of nobody", "&assignee=none", {"assignee_id": None}),
        _conversations("of one channel", "&channel={side.channel}", {"channel_id": "channel"}),
        _conversations("of one contact", "&contact={side.regular}", {"contact_id": "regular"}),
        _conversations("unread", "&unread=true", {"unread": True}),
    ]
    deep = Case(f"page {sides['small'].pages + 1} of all by cursor", lambda side, _: _path(side.deep),
                "conversations", _behind(sides), NEWEST)  # fmt: skip
    return [*listed, deep, _messages(), _an_agents(), *_backoffice()]


def _path(rest: str) -> str:
    return f"/api/v1/conversations?limit={ROWS}{rest}"


def _an_agents() -> Case:
    """What an agent may see, own ones and those of nobody: a merge of several runs of an index."""

    def where(side: Side, _: int) -> dict[str, Any]:
        return {"status": {"$in": ALL}, "assignee_id": None}

    return Case("all that an agent sees", lambda *_: _path(""), "conversations", where, NEWEST,
                who="agent")  # fmt: skip


def _backoffice() -> list[Case]:
    """Its pages, of as many rows as one page has; the find beside reads the newest of all."""
    any_status: dict[str, Any] = {"status": {"$in": ALL}}
    pages = [("conversations", "conversations/conversation", any_status, NEWEST),
             ("contacts", "crm/contact", {}, [("_id", -1)]),
             ("members", "tenants/membership", {}, [("_id", -1)]),
             ("audit_log", "kernel/auditentry", {}, [("seq", -1)])]  # fmt: skip
    return [
        Case(f"backoffice: {collection.replace('_', ' ')}", lambda *_, path=path: f"/admin/{path}/",
             collection if collection != "members" else "tenant_users", lambda *_, where=where: where,
             order, rows=2, who="staff")
        for collection, path, where, order in pages
    ]  # fmt: skip


def _callers(stack: BenchStack, tenant: Tenant) -> dict[str, Connection]:
    """Connections with a key, as an agent, and as a member of staff."""
    command = [sys.executable, "-m", "tests.bench.signed_in", tenant.id]
    made = subprocess.run(
        command, cwd=ROOT, env=stack.env, capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise Failed(f"nobody could be signed in:\n{made.stderr[-2000:]}")
    sessions = json.loads(made.stdout.splitlines()[-1])
    signed_in = {
        who: Connection(stack.addresses.web, {"Cookie": f"sessionid={key}", "X-Tenant": tenant.id})
        for who, key in sessions.items()
    }
    return {"key": stack.api(tenant), **signed_in}


def _conversations(name: str, query: str, filters: dict[str, Any]) -> Case:
    """``filters`` name attributes of the side where a column is one's id."""

    def where(side: Side, _: int) -> dict[str, Any]:
        found = {"status": {"$in": ALL}, **filters}
        for column, value in filters.items():
            if column.endswith("_id") and value:
                found[column] = ObjectId(getattr(side, value))
        return found

    return Case(
        name, lambda side, _: _path(query.format(side=side)), "conversations", where, NEWEST
    )


def _behind(sides: dict[str, Side]) -> Where:
    """The bare find of a deep page starts at the row before it."""
    marks = {}
    for name, side in sides.items():
        rows = side.db["conversations"].find({"tenantId": side.tenant, "status": {"$in": ALL}})
        found = list(rows.sort(NEWEST).limit(side.pages * ROWS))
        marks[name] = found[-1]["last_activity_at"]
    by_side = {id(side): marks[name] for name, side in sides.items()}
    return lambda side, _: {"status": {"$in": ALL}, "last_activity_at": {"$lt": by_side[id(side)]}}


def _messages() -> Case:
    """Another long conversation each time, so that a page does not stay in the cache by itself."""
    turns = itertools.count()

    def path(side: Side, _: int) -> str:
        thread = side.threads[next(turns) % len(side.threads)]
        return f"/api/v1/conversations/{thread}/messages?limit={ROWS}"

    def where(side: Side, turn: int) -> dict[str, Any]:
        return {"conversation_id": ObjectId(side.threads[-1 - turn % len(side.threads)])}

    return Case("messages of a conversation", path, "messages", where, [("seq", -1)])
