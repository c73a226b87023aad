"""Rows 4 and 5: a body that comes again late, and a body of 1,000 items."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.faults.ledger import CANARY, SENDERS, body_of, text_of
from tests.faults.posting import Poster
from tests.faults.rows import Figure, row
from tests.faults.sending import came_to, conversations, deliveries, send
from tests.faults.trial import Trial

AGES = {"a minute": 61.0, "37 hours": 37 * 3600.0, "8 days": 8 * 86400.0}
"""How old what is stored is made before the same bytes come again; then the inbox is emptied too."""
Posted = tuple[bytes, list[tuple[str, str, int]], str]


@row(4, "late replay")
def late_replay(trial: Trial) -> Figure:
    """Signed bodies come again at each age, and after the inbox was emptied: never a second message."""
    poster = Poster(trial)
    posted = _bodies(trial)
    for body, items, phone in posted:
        poster.post(body, items, phone=phone)
    trial.settle()
    ids = [items[0][0] for _, items, _ in posted]
    before = _effects(trial, ids)
    doubled: dict[str, int] = {}
    for age, seconds in AGES.items():
        _age(trial, seconds)
        doubled[age] = _again(trial, poster, posted, before)
    _prune(trial)
    doubled["emptied inbox"] = _again(trial, poster, posted, before)
    trial.require(before[0] == len(posted), f"{before[0]} of {len(posted)} were stored")
    refused = sum(1 for w in trial.ledger.webhooks if w.status != 200)
    trial.require(not refused, f"{refused} bodies were not answered 200")
    return {"bodies": len(posted), "doubled": doubled}


def _bodies(trial: Trial) -> list[Posted]:
    found: list[Posted] = []
    for n in range(trial.pick(12, 60)):
        sender = f"{SENDERS}{96000 + n:05d}"
        id_, phone = f"wamid.{trial.run}.{sender}.1", trial.product.phones[n % 3]
        body = body_of(phone, [text_of(id_, sender, f"{CANARY}{trial.run} {n}", time.time())])
        found.append((json.dumps(body).encode(), [(id_, sender, 1)], phone))
    return found


def _effects(trial: Trial, ids: list[str]) -> tuple[int, int, int]:
    """Messages, events of their arrival, and messages that their conversations count."""
    database = trial.product.database
    rows = list(database["messages"].find({"external_id": {"$in": ids}}))
    named = {"data.message_id": {"$in": [str(row["_id"]) for row in rows]}}
    events = database["domain_events"].count_documents({"type": "message.received", **named})
    threads = {"_id": {"$in": [row["conversation_id"] for row in rows]}}
    counted = sum(row["message_count"] for row in database["conversations"].find(threads))
    return len(rows), events, counted


def _again(trial: Trial, poster: Poster, posted: list[Posted], before: tuple[int, int, int]) -> int:
    """Post the same bytes; how many effects more there are than before."""
    for body, items, phone in posted:
        poster.post(body, items, phone=phone)
    trial.settle()
    after = _effects(trial, [items[0][0] for _, items, _ in posted])
    more = sum(now - then for now, then in zip(after, before, strict=True))
    trial.require(not more, f"{before} effects became {after}")
    return more


def _age(trial: Trial, seconds: float) -> None:
    """What this trial stored looks so old."""
    then = datetime.now(UTC) - timedelta(seconds=seconds)
    recent = {"_id": {"$gte": trial.since}}
    for name, column in (("webhook_deliveries", "received_at"), ("webhook_events", "created_at"),
                         ("messages", "created_at")):  # fmt: skip
        trial.product.database[name].update_many(recent, {"$set": {column: then}})


def _prune(trial: Trial) -> None:
    """As a retention would: bodies and items go, messages stay. By deliveries, so that accounts close."""
    database = trial.product.database
    ids = [
        r["_id"] for r in database["webhook_deliveries"].find({"_id": {"$gte": trial.since}}, {})
    ]
    database["webhook_events"].delete_many({"delivery_id": {"$in": [str(id_) for id_ in ids]}})
    database["webhook_deliveries"].delete_many({"_id": {"$in": ids}})


MALFORMED = 500
STATUSES = ("sent", "delivered", "read")


@row(5, "1,000-update batch", short=True)
def big_batch(trial: Trial) -> Figure:
    """One body of 1,000 items for three tenants, one of them no item: 999 are applied, one is buried."""
    sent = _accepted_sends(trial)
    items = _items(trial, sent)
    document, listed = _document(trial, items)
    poster = Poster(trial)
    began = time.time()
    status = poster.post(json.dumps(document).encode(), listed)
    ack_ms = (time.time() - began) * 1000
    _tell_apart(trial, listed)
    ids = [id_ for id_, _, _ in listed]
    where = {"external_id": {"$in": ids}}
    rows = trial.product.database["messages"]
    trial.product.wait_until(lambda: rows.count_documents(where) == len(ids), 60)
    explode_s = time.time() - began
    trial.settle()
    account = trial.product.database["webhook_deliveries"].find_one(
        {"_id": {"$gte": trial.since}, "account.received": {"$gte": 900}}
    )
    found = account["account"] if account else {}
    dead = found.get("dead", 0)
    applied = found.get("stored", 0) + found.get("duplicate", 0)
    _belong(trial, items)
    trial.require(status == 200, f"answered {status}")
    trial.require((applied, dead) == (999, 1), f"{applied} applied and {dead} dead: {found}")
    problems = [p for p in (account or {}).get("problems", []) if p.get("reason")]
    trial.require(bool(problems), "what was buried has no reason")
    return {"applied": applied, "dead": dead, "ack_ms": round(ack_ms, 1), "explode_s": round(explode_s, 2)}  # fmt: skip


def _accepted_sends(trial: Trial) -> list[list[str]]:
    """The provider's ids of three sends of each tenant, whose statuses will come."""
    found = []
    for tenant, phone in enumerate(trial.product.phones):
        threads = conversations(trial, phone, 3, first=tenant * 10)
        messages = [send(trial, thread, "batch", tenant=tenant) for thread in threads]
        trial.require(not came_to(trial, messages, "accepted", 30), "a send was not accepted")
        found.append([row["external_id"] for row in deliveries(trial, messages).values()])
    trial.settle()
    return found


def _items(trial: Trial, sent: list[list[str]]) -> list[tuple[int, str, Any]]:
    """(tenant, list of the body, item): six of ten are messages, three statuses, one an error."""
    counts: dict[str, int] = {}
    items: list[tuple[int, str, Any]] = []
    now = int(time.time())
    for n in range(1000):
        tenant = n % 3
        if n == MALFORMED:
            items.append((tenant, "messages", "this is no message"))
        elif n % 10 < 6:
            sender = f"{SENDERS}{96500 + n % 60:05d}"
            count = counts[sender] = counts.get(sender, 0) + 1
            id_ = f"wamid.{trial.run}.{tenant}{sender}.{count}"
            said = text_of(id_, sender, f"{CANARY}{trial.run} {n}", now)
            items.append((tenant, "messages", said))
        elif n % 10 < 9:
            told = {"id": trial.rng.choice(sent[tenant]), "status": trial.rng.choice(STATUSES),
                    "timestamp": str(now + n), "recipient_id": f"{SENDERS}90000"}  # fmt: skip
            items.append((tenant, "statuses", told))
        else:
            error = {"code": 131000, "title": f"Something went wrong {n}"}
            items.append((tenant, "errors", error))
    return items


def _document(
    trial: Trial, items: list[tuple[int, str, Any]]
) -> tuple[dict[str, Any], list[tuple[str, str, int]]]:
    """One body with a change for each run of items; what its messages are."""
    changes: list[dict[str, Any]] = []
    listed: list[tuple[str, str, int]] = []
    for tenant, phone in enumerate(trial.product.phones):
        lists: dict[str, list[Any]] = {"messages": [], "statuses": [], "errors": []}
        for owner, name, item in items:
            if owner == tenant:
                lists[name].append(item)
        messages = lists.pop("messages")
        changes += body_of(phone, messages, **lists)["entry"][0]["changes"]
        listed += [(m["id"], m["from"], n) for n, m in enumerate(messages) if isinstance(m, dict)]
    entry = {"id": "102290129340398", "changes": changes}
    return {"object": "whatsapp_business_account", "entry": [entry]}, listed


def _tell_apart(trial: Trial, listed: list[tuple[str, str, int]]) -> None:
    """The ledger has an entry for each number: one body was for three tenants."""
    whole = trial.ledger.webhooks.pop()
    for tenant, phone in enumerate(trial.product.phones):
        own = [item for item in listed if item[0].startswith(f"wamid.{trial.run}.{tenant}")]
        trial.ledger.webhooks.append(replace(whole, phone=phone, items=own))


def _belong(trial: Trial, items: list[tuple[int, str, Any]]) -> None:
    """Each message is with the tenant of its own number, not with that of the body's first one."""
    owners = {item["id"]: trial.product.tenants[tenant]["id"]
              for tenant, name, item in items if name == "messages" and isinstance(item, dict)}  # fmt: skip
    rows = trial.product.database["messages"].find({"external_id": {"$in": list(owners)}})
    wrong = sum(1 for row in rows if str(row["tenantId"]) != owners[row["external_id"]])
    trial.require(not wrong, f"{wrong} messages are with another tenant")
