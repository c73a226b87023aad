"""Rows 3, 18, 19 and 20: what is inside a body: repeated, hostile, surprising, extreme."""

import json
import threading
import time
from typing import Any

from tests.faults.ledger import CANARY, SENDERS, body_of, quantile, text_of
from tests.faults.posting import Poster
from tests.faults.rows import Figure, row
from tests.faults.trial import Trial


def _sender(trial: Trial, n: int) -> str:
    return f"{SENDERS}{95000 + (trial.seed * 50 + n) % 5000:05d}"


def _message(trial: Trial, sender: str, n: int, **more: Any) -> dict[str, Any]:
    id_ = f"wamid.{trial.run}.{sender}.{n}"
    return {**text_of(id_, sender, f"{CANARY}{trial.run} {n}", time.time()), **more}


@row(3, "duplicate storm")
def duplicates(trial: Trial) -> Figure:
    """One body 1,000 times over 50 connections; twenty bodies that share one message id."""
    copies, connections = trial.pick(200, 1000), trial.pick(10, 50)
    sender = _sender(trial, 1)
    item = (f"wamid.{trial.run}.{sender}.1", sender, 1)
    body = json.dumps(body_of(trial.product.phones[0], [_message(trial, sender, 1)])).encode()

    def repeat() -> None:
        poster = Poster(trial)
        for _ in range(copies // connections):
            poster.post(body, [item])

    threads = [threading.Thread(target=repeat) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = sum(1 for w in trial.ledger.webhooks if w.status != 200)
    trial.require(not refused, f"{refused} copies were not answered 200")
    other, poster = _sender(trial, 2), Poster(trial)
    shared = (f"wamid.{trial.run}.{other}.1", other, 1)
    for n in range(20):
        message = _message(trial, other, 1, text={"body": f"{CANARY} version {n}"})
        poster.post(body_of(trial.product.phones[0], [message]), [shared])
    trial.settle()
    stored = trial.product.database["messages"].count_documents(
        {"external_id": {"$in": [item[0], shared[0]]}}
    )
    trial.require(stored == 2, f"{stored} messages are stored of 2")
    return {"copies": copies, "connections": connections, "stored": stored,
            "p99_ms": round(quantile(trial.ledger.ack_ms(), 0.99), 1)}  # fmt: skip


def hostile(body: bytes, message: bytes) -> dict[str, bytes]:
    """Signed bodies that hurt a careless reader. `message` stands in `body` as JSON text."""

    def inside(extra: bytes) -> bytes:
        return body.replace(message, message[:-1] + b"," + extra + b"}")

    deep = b"[" * 5000 + b"]" * 5000
    keys = b"{" + b",".join(b'"k%d":1' % n for n in range(300_000)) + b"}"
    return {
        "nested 5,000 deep": deep,
        "an item 5,000 deep": inside(b'"x":' + deep),
        "300,000 keys": inside(b'"x":' + keys)[:4_000_000],
        "an integer of 5,000 digits": inside(b'"x":' + b"9" * 5000),
        "an integer of 2^63": inside(b'"x":9223372036854775808'),
        "NaN": inside(b'"x":NaN'),
        "duplicate keys": inside(b'"type":"image","type":"text"'),
        "invalid UTF-8": body.replace(CANARY.encode(), b"\xff\xfe\xfa"),
        "a byte-order mark": b"\xef\xbb\xbf" + body,
        "a lone surrogate": inside(b'"x":"\\ud800"'),
        "keys of operators": inside(b'"$where":"1","a.b":1,"a\\u0000b":2,"__proto__":{"x":1},"":3'),
        "a truncated body": body[: len(body) // 2],
        "nothing": b"",
    }


@row(18, "hostile JSON", short=True)
def hostile_json(trial: Trial) -> Figure:
    """Each is answered 200 and accounted for; the good message in the next body is stored."""
    poster, product = Poster(trial), trial.product
    exits = len(product.console.said)
    before = product.database["webhook_deliveries"].count_documents({})
    names: dict[str, int] = {}
    for n, name in enumerate(hostile(b"{}", b"x"), start=1):
        sender = _sender(trial, n)
        message = _message(trial, sender, 1)
        body = json.dumps(body_of(product.phones[n % 3], [message])).encode()
        bad = hostile(body, json.dumps(message).encode())[name]
        names[name] = poster.post(bad)
        trial.require(names[name] == 200, f"{name}: answered {names[name]}")
        good = _message(trial, sender, 2)
        item = (good["id"], sender, 2)
        poster.post(body_of(product.phones[n % 3], [good]), [item], phone=product.phones[n % 3])
    trial.settle()
    rows = list(product.database["webhook_deliveries"].find({"_id": {"$gte": trial.since}}))
    dead = sum(row["account"].get("dead", 0) for row in rows)
    stored = sum(row["account"].get("stored", 0) for row in rows)
    trial.require(len(rows) == 2 * len(names), f"{len(rows)} deliveries of {2 * len(names)}")
    trial.require(
        dead + stored >= 2 * len(names), f"{dead} dead and {stored} stored of {2 * len(names)}"
    )
    trial.require(
        all(p["reason"] for row in rows for p in row["problems"]), "a problem has no reason"
    )
    ended = product.console.said[exits:]
    trial.require(not ended, f"processes ended: {ended}")
    return {"bodies": len(names), "dead": dead, "stored": stored, "before": before}


SURPRISES: dict[str, Any] = {
    "plain text": b"hello", "an empty body": b"", "null": None, "a list": [], "a string": "x", "a number": 7,
    "an unknown object": {"object": "instagramish", "entry": []},
    "no object": {"entry": []},
    "entries that are none": {"object": "whatsapp_business_account", "entry": {"a": 1}},
    "changes that are none": {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": 3}]},
    "an unknown field": {"object": "whatsapp_business_account", "entry": [
        {"id": "102290129340398", "changes": [{"field": "shiny_new_thing", "value": {"a": 1}}]}]},
}  # fmt: skip


@row(19, "shape surprises")
def surprises(trial: Trial) -> Figure:
    """Unknown shapes are kept and accounted for; an unknown type of message is shown as unsupported."""
    poster, product = Poster(trial), trial.product
    for name, body in SURPRISES.items():
        status = poster.post(body if isinstance(body, bytes) else json.dumps(body).encode())
        trial.require(status == 200, f"{name}: answered {status}")
    shown = _odd_messages(trial, poster)
    trial.settle()
    rows = list(product.database["webhook_deliveries"].find({"_id": {"$gte": trial.since}}))
    silent = [r["_id"] for r in rows if not sum(r["account"].get(k, 0) for k in
              ("stored", "dead", "parked", "duplicate"))]  # fmt: skip
    kept = product.database["messages"].count_documents({"external_id": {"$in": list(shown)}})
    odd = {"external_id": {"$in": list(shown)}, "type": "unsupported"}
    unsupported = product.database["messages"].count_documents(odd)
    empty = _vanished(trial, rows)
    trial.require(kept == len(shown), f"{kept} of {len(shown)} odd messages are on the timeline")
    trial.require(not empty, f"items without effect and without a reason: {empty}")
    return {"bodies": len(rows), "without_items": len(silent), "unsupported": unsupported,
            "unhandled": len(shown) - kept}  # fmt: skip


def _odd_messages(trial: Trial, poster: Poster) -> dict[str, str]:
    """Messages of unknown types, with numbers as texts, missing and extra members."""
    changes: list[dict[str, Any]] = [
        {"type": "hologram", "hologram": {"x": 1}},
        {"type": 7},
        {"type": None},
        {"timestamp": int(time.time())},
        {"timestamp": "soon"},
        {"unknown_member": {"a": [1, 2, 3]}},
        {"text": {"body": 12345}},
        {"text": None},
        {"type": "image", "image": {}},
        {"type": "location", "location": {"latitude": "far", "longitude": None}},
        {"type": "contacts", "contacts": "nobody"},
        {"type": "interactive", "interactive": {"type": "teleport"}},
    ]
    shown = {}
    for n, change in enumerate(changes, start=1):
        sender = _sender(trial, 20 + n)
        message = _message(trial, sender, 1, **change)
        body = body_of(trial.product.phones[0], [message])
        if n % 3 == 0:
            body["entry"][0]["changes"][0]["value"].pop("contacts")
        poster.post(body, [(message["id"], sender, 1)])
        shown[message["id"]] = sender
    return shown


def _vanished(trial: Trial, rows: list[dict[str, Any]]) -> list[str]:
    """Items that were stored, had no effect and do not say why."""
    ids = [str(row["_id"]) for row in rows]
    found = trial.product.database["webhook_events"].find({"delivery_id": {"$in": ids}})
    return [r["event_key"] for r in found
            if not r["event_key"].startswith("msg:") and not r["last_error"] and not r["reason"]]  # fmt: skip
