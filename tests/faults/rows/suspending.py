"""Row 82: a tenant is suspended under load and resumed: nothing leaves meanwhile, nothing is lost, all goes on in order."""

import http.client
import threading
import time
from datetime import UTC
from typing import Any
from urllib.parse import urlsplit

from bson import ObjectId

from tests.faults.ledger import CANARY, SENDERS, body_of, text_of
from tests.faults.posting import Poster
from tests.faults.rows import Figure, row
from tests.faults.rows.parking import STATE
from tests.faults.sending import calls_of, came_to, conversations, own_number, send
from tests.faults.trial import Trial

TENANT = 1
# A call that was under way when the tenant was suspended may still arrive.
UNDER_WAY_S = 2.0
CLOSED_WITHIN_S = 30.0
ASKED = (("GET", "conversations"), ("GET", "me"), ("PATCH", "tenant"), ("POST", "teams"))


class Listener(threading.Thread):
    """Somebody at the tenant's event stream; `ended` is when it was closed, `last` what it said."""

    def __init__(self, trial: Trial) -> None:
        super().__init__(daemon=True)
        parts = urlsplit(trial.product.stack.addresses.stream)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=90)
        key = trial.product.tenants[TENANT]["api_key"]
        self._connection.request(
            "GET", "/api/v1/stream", headers={"Authorization": f"Bearer {key}"}
        )
        self._answer = self._connection.getresponse()
        self.status, self.ended, self.last = self._answer.status, 0.0, ""
        self.start()

    def run(self) -> None:
        while line := self._answer.readline():
            if line.startswith((b"event:", b"data:")):
                self.last = line.decode().strip()
        self.ended = time.time()


@row(82, "suspended tenant", short=True)
def suspended_tenant(trial: Trial) -> Figure:
    """Standard load; one tenant stops in the middle of inbound and sends, and goes on minutes later."""
    number, dead = own_number(trial, TENANT), trial.taken_for_dead()
    talks = conversations(trial, number.phone, trial.pick(4, 10))
    load = trial.load(rate=trial.pick(30.0, 100.0), seconds=1200.0, senders=trial.pick(60, 300))
    listener = Listener(trial)
    trial.require(listener.status == 200, f"the stream was answered {listener.status}")
    sent = [send(trial, talks[n % len(talks)], f"before {n}", tenant=TENANT)
            for n in range(trial.pick(12, 60))]  # fmt: skip
    at = _suspend(trial)
    refused = _refusals(trial)
    early = _written_meanwhile(trial, number.phone)
    trial.product.wait_until(lambda: listener.ended > 0, CLOSED_WITHIN_S)
    closed = listener.ended - at if listener.ended else -1.0
    trial.require(0 < closed <= CLOSED_WITHIN_S, f"the stream was closed after {closed:.1f} s")
    trial.require("tenant_suspended" in listener.last, f"it said {listener.last!r}")
    trial.product.sleep(trial.pick(2.0, 560.0))
    late = _left_while_suspended(trial, number.phone, at)
    _say(trial, "resume")
    trial.fault()
    trial.product.sleep(3)
    load.stop()
    load.join()
    trial.require(_met(trial) > 0, "the load's own requests met no suspended tenant")
    missing = came_to(trial, sent, _has_left, 60)
    trial.require(not missing, f"{len(missing)} sends did not leave after it")
    lost = _lost(trial, early)
    trial.settle()
    dead = trial.taken_for_dead() - dead
    trial.require(not dead, f"a worker that had much to do was taken for dead {dead} times")
    return {"taken_for_dead": dead, "refused": refused + _met(trial), "sent_while_suspended": late, "stream_closed_s": round(closed, 1),
            "written_meanwhile": len(early), "lost": lost}  # fmt: skip


def _has_left(delivery: dict[str, Any]) -> bool:
    return delivery["outcome"] in ("accepted", "sent", "delivered", "read")


def _say(trial: Trial, what: str) -> None:
    tenant = trial.product.tenants[TENANT]["id"]
    trial.product.stack.manage("shell", "-c", STATE.format(tenant=tenant, what=what))


def _suspend(trial: Trial) -> float:
    """When it was suspended, by the product's own clock."""
    _say(trial, "suspend")
    tenant = ObjectId(trial.product.tenants[TENANT]["id"])
    found = trial.product.database["tenants"].find_one({"_id": tenant})
    at: float = found["suspended_at"].replace(tzinfo=UTC).timestamp()
    return at


def _refusals(trial: Trial) -> int:
    """Everything is refused with the code, whatever is asked."""
    answers = [trial.product.api(method, path, {} if method != "GET" else None, tenant=TENANT)
               for method, path in ASKED]  # fmt: skip
    said = [(status, answer.get("code")) for status, answer in answers]
    trial.require(set(said) == {(403, "tenant_suspended")}, f"the API answered {said}")
    return len(said)


def _written_meanwhile(trial: Trial, phone: str) -> list[str]:
    """Customers go on writing: what they write is acknowledged, kept and not applied."""
    poster, ids = Poster(trial), []
    for n in range(trial.pick(20, 100)):
        sender = f"{SENDERS}{97000 + n % 5:05d}"
        ids.append(f"wamid.{trial.run}.{sender}.{n}")
        message = text_of(ids[-1], sender, f"{CANARY}{trial.run} {n}", time.time())
        poster.post(body_of(phone, [message]), [(ids[-1], sender, n)], phone=phone)
    rows = trial.product.database["messages"]
    trial.product.sleep(3)
    applied = rows.count_documents({"external_id": {"$in": ids}})
    trial.require(not applied, f"{applied} of what was written meanwhile was applied")
    return ids


def _met(trial: Trial) -> int:
    return sum(1 for call in trial.ledger.calls if call.status == 403)


def _left_while_suspended(trial: Trial, phone: str, at: float) -> int:
    late = [call for call in calls_of(trial, phone) if call["at"] > at + UNDER_WAY_S]
    trial.require(not late, f"{len(late)} messages left while the tenant was suspended")
    return len(late)


def _lost(trial: Trial, ids: list[str]) -> int:
    rows = trial.product.database["messages"]
    where = {"external_id": {"$in": ids}}
    trial.product.wait_until(lambda: rows.count_documents(where) == len(ids), 60)
    lost = len(ids) - int(rows.count_documents(where))
    trial.require(not lost, f"{lost} of what was written meanwhile were lost")
    return lost
