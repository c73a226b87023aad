"""The auditor sees what is planted: a loss, a doubling, an inversion, a call made again."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from pymongo import MongoClient

from kernel.dev.embedded import ensure_environment
from tests.faults.auditor import INVARIANTS, Case, Check
from tests.faults.checks.effects import doubled, inversions, lost
from tests.faults.checks.outside import answers, calls, logs
from tests.faults.checks.rows import counters, references, unfinished
from tests.faults.ledger import Call, Ledger, Webhook

TENANT, CHANNEL, THREAD, CONTACT = (ObjectId() for _ in range(4))


@pytest.fixture(scope="module")
def database() -> Iterator[Any]:
    """One for all tests: making collections is what takes time."""
    with MongoClient[Any](ensure_environment().env["MONGODB_URI"]) as client:
        name = f"audit_{ObjectId()}"
        yield client[name]
        client.drop_database(name)


@pytest.fixture
def case(tmp_path: Path, database: Any) -> Case:
    """Three messages of one sender, all of them stored as they should be."""
    for name in database.list_collection_names():
        database[name].delete_many({})
    ledger = Ledger("t")
    for n in (1, 2, 3):
        item = (f"wamid.t.972550100001.{n}", "972550100001", n)
        ledger.webhooks.append(Webhook("l", "1", [item], posted=n, answered=n + 0.5, status=200))
    product = {"tenant_of": {"1": str(TENANT)}, "slo_s": 30, "spool": str(tmp_path),
               "logs": str(tmp_path), "log_sizes": {}, "secrets": ["EAAsecret"],
               "allowed_5xx": [], "edge_5xx": [], "since": str(ObjectId("0" * 24))}  # fmt: skip
    made = Case(ledger, [], product, database)
    made.checks = {key: Check() for key in INVARIANTS}
    made.messages = [_store(made.database, n, n) for n in (1, 2, 3)]
    _surroundings(made.database)
    return made


def _store(database: Any, n: int, seq: int) -> dict[str, Any]:
    row = {"_id": ObjectId(), "tenantId": TENANT, "external_id": f"wamid.t.972550100001.{n}",
           "conversation_id": THREAD, "channel_id": CHANNEL, "seq": seq, "direction": "inbound"}  # fmt: skip
    database["messages"].insert_one(row)
    database["domain_events"].insert_one({
        "tenantId": TENANT, "type": "message.received", "number": n,
        "data": {"message_id": str(row["_id"])}, "occurred_at": datetime.now(UTC),
    })  # fmt: skip
    return row


def _surroundings(database: Any) -> None:
    database["channels"].insert_one({"_id": CHANNEL, "tenantId": TENANT})
    database["contacts"].insert_one({"_id": CONTACT, "tenantId": TENANT})
    database["contact_identities"].insert_one(
        {"tenantId": TENANT, "contact_id": CONTACT, "kind": "wa_id", "scope": "", "value": "1"}
    )
    database["conversations"].insert_one(
        {"_id": THREAD, "tenantId": TENANT, "contact_id": CONTACT, "channel_id": CHANNEL,
         "message_count": 3, "unread_count": 3}
    )  # fmt: skip
    database["feed_states"].insert_one({"tenantId": TENANT, "last_number": 3})


EVERY = (lost, doubled, inversions, references, unfinished, logs, answers, counters, calls)


def red(case: Case) -> set[str]:
    for check in EVERY:
        check(case)
    return {name for name, check in case.checks.items() if check.count}


def test_a_run_in_which_all_is_well_is_green(case: Case) -> None:
    assert red(case) == set()


def test_a_lost_message_is_found(case: Case) -> None:
    gone = case.messages.pop(1)
    case.database["messages"].delete_one({"_id": gone["_id"]})
    case.database["conversations"].update_one({}, {"$set": {"message_count": 2, "unread_count": 2}})
    assert red(case) == {"I1"}


def test_a_doubled_message_and_a_doubled_event_are_found(case: Case) -> None:
    case.messages.append(_store(case.database, 2, 4))
    case.database["domain_events"].update_one({"number": 2}, {"$set": {"number": 4}})
    case.database["feed_states"].update_one({}, {"$set": {"last_number": 4}})
    case.database["conversations"].update_one({}, {"$set": {"message_count": 4, "unread_count": 4}})
    assert "I2" in red(case)


def test_an_inversion_is_found_and_an_unanswered_post_may_stand_anywhere_behind(case: Case) -> None:
    case.messages[0]["seq"], case.messages[2]["seq"] = 3, 1
    case.ledger.webhooks[2].status = 0
    assert red(case) == {"I3"}


def test_a_row_that_leaves_its_tenant_is_found(case: Case) -> None:
    case.database["contacts"].update_one({}, {"$set": {"tenantId": ObjectId()}})
    assert red(case) == {"I4"}


def test_work_that_waits_too_long_is_found(case: Case) -> None:
    at = datetime(2020, 1, 1, tzinfo=UTC)
    case.database["webhook_deliveries"].insert_one({"state": "new", "received_at": at})
    assert red(case) == {"I5"}


def test_a_text_a_number_and_a_token_in_a_log_are_found(case: Case) -> None:
    said = "got pelican\nfrom 972550100001\nwith EAAsecret\nand nothing else\n"
    (Path(case.product["logs"]) / "edge.log").write_text(said)
    assert red(case) == {"I7"}
    assert case.checks["I7"].count == 3


def test_an_unexpected_error_and_shown_internals_are_found(case: Case) -> None:
    case.ledger.calls += [Call("GET", "x", 500, 1.0), Call("GET", "x", 404, 1.0, trace=True)]
    assert red(case) == {"I8"}
    assert case.checks["I8"].count == 2


def test_a_wrong_counter_is_found(case: Case) -> None:
    case.database["conversations"].update_one({}, {"$inc": {"message_count": 1}})
    assert red(case) == {"I9"}


def test_a_second_call_is_found_unless_the_first_was_refused(case: Case) -> None:
    message = ObjectId()
    case.database["deliveries"].insert_one(
        {"tenantId": TENANT, "message_id": message, "outcome": "queued", "external_id": ""}
    )
    case.database["messages"].insert_one({"_id": message, "tenantId": TENANT, "seq": 4})
    case.database["conversations"].update_one({}, {"$set": {"message_count": 3}})
    for n, status in enumerate((500, None, 200), start=1):
        case.calls.append({"n": n, "message": str(message), "status": status, "wamid": None})
    calls(case)
    assert case.checks["I10"].count == 1
    case.calls.pop()
    case.checks["I10"] = Check()
    calls(case)
    assert case.checks["I10"].count == 0


def test_a_call_without_our_id_is_known_by_the_id_that_it_was_answered_with(case: Case) -> None:
    case.database["deliveries"].insert_one(
        {
            "tenantId": TENANT,
            "message_id": ObjectId(),
            "outcome": "accepted",
            "external_id": "aWdf1",
        }
    )
    for n, given in enumerate(("aWdf1", "aWdf2"), start=1):
        case.calls.append({"n": n, "message": "", "status": 200, "wamid": given})
    calls(case)
    assert case.checks["I10"].count == 0
    case.calls.clear()
    calls(case)
    assert case.checks["I10"].count == 1


def test_a_ledger_survives_its_file(tmp_path: Path, case: Case) -> None:
    path = tmp_path / "ledger.jsonl"
    case.ledger.write(path)
    assert Ledger.read(path).webhooks == case.ledger.webhooks
    assert json.loads(path.read_text().splitlines()[0])["run"] == "t"
