"""The audit log over the API: found by its filters, taken along, verified part by part."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId
from django.db import connection

from kernel import audit
from kernel.audit.chain import entry_hash
from kernel.audit.checkpoints import checkpoint_file, write_checkpoint
from kernel.clock import iso
from kernel.models import AuditEntry
from kernel.mongo.transactions import run_transaction
from kernel.scoping import Reason, tenant_scope, unscoped
from kernel.scoping.context import outside_scope
from kernel.work.drain import drain
from tests import factories
from tests.api.caller import Caller, code_of


@pytest.fixture
def logged(quiet: None, world: Any, settings: Any, tmp_path: Any) -> Any:
    """Thirty entries beside those of making the tenant, chained and signed."""
    settings.DATA = str(tmp_path)
    with factories.inside(world):
        for n in range(30):
            run_transaction(
                lambda n=n: audit.record("thing.done", ("thing", f"t{n % 3}"), {"n": [n, n + 1]})
            )
    drain("relay", seconds=10)
    with tenant_scope(world.tenant):
        write_checkpoint()
    return world


def raw(change: Any) -> Any:
    """What somebody with the database's password can do."""
    with outside_scope(), unscoped(Reason.AUDIT_INTEGRITY):
        return change(connection.database["audit_log"])


def entries(world: Any) -> list[AuditEntry]:
    with tenant_scope(world.tenant):
        return list(AuditEntry.objects.filter(seq__gt=0).order_by("seq"))


def shown(caller: Caller, **query: Any) -> list[dict[str, Any]]:
    return list(caller.get("audit-log", **query).json()["results"])


def test_entries_are_found_by_who_what_on_what_and_when(logged: Any, owner: Caller) -> None:
    assert len(shown(owner, action="thing.done", limit=200)) == 30
    assert {e["target_id"] for e in shown(owner, target="t1")} == {"t1"}
    assert len(shown(owner, target="t1", action="thing.done")) == 10
    mine = shown(owner, actor=logged.owner.pk, limit=200)
    assert len(mine) == 30
    assert shown(owner, actor=logged.owner.pk, action="tenant.created") == []
    assert shown(owner, actor="nobody") == []
    at = entries(logged)[10].occurred_at
    late = shown(owner, since=iso(at), limit=200)
    early = shown(owner, until=iso(at), limit=200)
    assert {e["seq"] for e in late} | {e["seq"] for e in early} == set(range(1, 33))
    assert all(e["occurred_at"] >= iso(at)[:23] for e in late)
    assert all(e["occurred_at"][:23] < iso(at)[:23] for e in early)
    assert shown(owner, since=iso(at + timedelta(days=1))) == []
    page = owner.get("audit-log", target="t1", limit=3).json()
    following = owner.get("audit-log", target="t1", limit=3, cursor=page["next"]).json()
    assert [e["seq"] for e in page["results"] + following["results"]] == sorted(
        (e.seq for e in entries(logged) if e.target_id == "t1"), reverse=True)[:6]  # fmt: skip


def test_filters_that_cannot_be_read_are_refused_by_name(logged: Any, owner: Caller) -> None:
    for query in ({"since": "yesterday"}, {"until": "2026-03-14T00:00:00"}, {"actor": ""},
                  {"target": "$where"}, {"action": "x" * 65}):  # fmt: skip
        refused = owner.get("audit-log", **query)
        assert (refused.status_code, code_of(refused)) == (400, "invalid_parameter"), query


def verified(caller: Caller, **query: Any) -> dict[str, Any]:
    answer: dict[str, Any] = caller.get("audit-log/verify", **query).json()
    return answer


def test_a_whole_log_holds_in_one_part_or_many(logged: Any, owner: Caller) -> None:
    whole = verified(owner)
    assert (whole["holds"], whole["through"], whole["head"]) == (True, 32, 32)
    assert (whole["next_after"], whole["checkpoints"]["compared"]) == (None, 1)
    assert whole["checkpoints"]["last"]["seq"] == 32
    seen, after = [], 0
    while after is not None:
        part = verified(owner, after=after, limit=7)
        assert part["holds"], part
        seen.append(part["through"])
        after = part["next_after"]
    assert seen == [7, 14, 21, 28, 32]


def change(number: int, fields: dict[str, Any]) -> Any:
    return lambda log, rows: log.update_one({"_id": ObjectId(rows[number].pk)}, {"$set": fields})


def swap(log: Any, rows: list[AuditEntry]) -> None:
    log.update_one({"_id": ObjectId(rows[4].pk)}, {"$set": {"seq": rows[5].seq}})
    log.update_one({"_id": ObjectId(rows[5].pk)}, {"$set": {"seq": rows[4].seq}})


def insert(log: Any, rows: list[AuditEntry]) -> None:
    row = log.find_one({"_id": ObjectId(rows[6].pk)})
    log.insert_one({**row, "_id": ObjectId(), "reason": "slipped in"})


def append(log: Any, rows: list[AuditEntry]) -> None:
    row = log.find_one({"_id": ObjectId(rows[-1].pk)})
    log.insert_one({**row, "_id": ObjectId(), "seq": 40})


def cut(log: Any, rows: list[AuditEntry]) -> None:
    """The tail, and what the relay remembers of it."""
    log.delete_many({"_id": {"$in": [ObjectId(e.pk) for e in rows[-3:]]}})
    head = {"audit_seq": rows[-4].seq, "audit_hash": rows[-4].hash}
    connection.database["feed_states"].update_one(
        {"tenantId": ObjectId(rows[0].tenant_id)}, {"$set": head}
    )


def rechain(log: Any, rows: list[AuditEntry]) -> None:
    """Everything from the middle on, written anew without a fault."""
    prev = rows[14].hash
    for entry in rows[15:]:
        entry.reason = "rewritten"
        fields = {"reason": "rewritten", "prev": prev}
        prev = fields["hash"] = entry_hash(entry, entry.seq, prev)
        log.update_one({"_id": ObjectId(entry.pk)}, {"$set": fields})
    connection.database["feed_states"].update_one(
        {"tenantId": ObjectId(rows[0].tenant_id)}, {"$set": {"audit_hash": prev}}
    )


TAMPERING = {
    "edit": (change(9, {"changes": {}}), 10, "was changed after it was written"),
    "delete": (lambda log, rows: log.delete_one({"_id": ObjectId(rows[9].pk)}), 10, "missing"),
    "insert": (insert, 7, "stands twice"),
    "append": (append, 40, "beyond the chain's end"),
    "swap": (swap, 5, "was changed after it was written"),
    "cut tail": (cut, 32, "an entry that was signed is missing"),
    "re-chain all": (rechain, 32, "written anew after it was signed"),
}


@pytest.mark.parametrize("how", TAMPERING)
@pytest.mark.parametrize("limit", [7, 2000])
def test_tampering_is_found_and_located_in_one_part_or_many(
    logged: Any, owner: Caller, how: str, limit: int
) -> None:
    tamper, at, problem = TAMPERING[how]
    rows = entries(logged)
    raw(lambda log: tamper(log, rows))
    findings, after = [], 0
    while after is not None:
        part = verified(owner, after=after, limit=limit)
        findings += part["findings"]
        after = part["next_after"]
    assert any(f["seq"] == at and problem in f["problem"] for f in findings), findings
    with tenant_scope(logged.tenant):
        lines = checkpoint_file().read_text()
        write_checkpoint()
        if how in ("cut tail", "re-chain all"):
            assert checkpoint_file().read_text() == lines, "what does not hold is not signed again"


def lines_of(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode()


def test_the_log_is_taken_along_as_json_lines_that_prove_themselves(
    logged: Any, owner: Caller
) -> None:
    answer = owner.get("audit-log/export")
    assert answer["Content-Disposition"].startswith('attachment; filename="audit-log-')
    rows = [json.loads(line) for line in lines_of(answer).splitlines()]
    assert [row["seq"] for row in rows] == list(range(1, 33))
    assert [row["prev"] for row in rows] == ["", *(row["hash"] for row in rows[:-1])]
    filtered = owner.get("audit-log/export", target="t1")
    assert len(lines_of(filtered).splitlines()) == 10
    drain("relay", seconds=5)
    taken = shown(owner, action="audit_log.exported")
    assert [entry["changes"] for entry in taken] == [{"target": [None, "t1"]}, {}]


def test_no_cell_of_a_table_is_a_formula(logged: Any, owner: Caller) -> None:
    hostile = ['=HYPERLINK("http://evil")', "+1+1", "-2", "@SUM(A1)", "\t=1", "\r=1", 'a"b\nc']
    with factories.inside(logged):
        for text in hostile:
            run_transaction(
                lambda text=text: audit.record("thing.named", ("thing", "x"), reason=text)
            )
    drain("relay", seconds=5)
    answer = owner.get("audit-log/export", **{"as": "csv", "action": "thing.named"})
    rows = list(csv.DictReader(io.StringIO(lines_of(answer), newline="")))
    assert [row["reason"] for row in rows] == [*(f"'{text}" for text in hostile[:6]), hostile[6]]
    assert not any(cell[:1] in tuple("=+-@\t\r\x00") for row in rows for cell in row.values())


def test_what_an_entry_cannot_hold_is_made_plain_and_never_stops_the_relay(
    logged: Any, owner: Caller
) -> None:
    from kernel.clock import now

    odd = {"when": now(), "ids": {ObjectId(), ObjectId()}, "huge": 2**70, "nan": float("nan"),
           "lone": "\ud800", "long": "x" * 10_000, "deep": {"a": {"b": {"c": {"d": {"e": {}}}}}},
           "k\x00ey": 1}  # fmt: skip
    with factories.inside(logged):
        run_transaction(lambda: audit.record("thing.odd", ("thing", "x"), odd))
    drain("relay", seconds=5)
    (entry,) = shown(owner, action="thing.odd")
    assert entry["changes"]["huge"] == str(2**70)
    assert len(entry["changes"]["long"]) == 500
    assert verified(owner)["holds"]
