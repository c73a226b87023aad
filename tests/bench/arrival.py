"""When a message became readable: asked of the database every few milliseconds, and of the API.

A message counts as readable when a majority read finds it; the API reads the same rows, with the
same read concern. What the API's own answer adds is measured beside, on a sample.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from tests.bench.http1 import Connection
from tests.bench.signing import Writers
from tests.bench.stack import BenchStack

EVERY_S = 0.004
API_EVERY_S = 0.01
MOST_ASKED = 100


class Arrivals(threading.Thread):
    """Notices each of a schedule's messages by asking for those that are outstanding.

    Only messages that should have been sent by now and were not seen yet are asked for, by the
    unique index, so a look costs a handful of index keys.
    """

    def __init__(self, stack: BenchStack, writers: Writers, schedule: Sequence[float]) -> None:
        super().__init__(name="arrivals", daemon=True)
        self.took_s: dict[int, float] = {}
        self.looks = 0
        self.look_s = self.own_cpu_s = 0.0
        self._schedule = schedule
        self._index_of = {writers.external_id(i): i for i in range(len(schedule))}
        self._ids = list(self._index_of)
        self._messages = stack.client[stack.uses.mongodb_name]["messages"]
        tenants = stack.tenants
        self._where = {
            "tenantId": {"$in": [ObjectId(t.id) for t in tenants]},
            "channel_id": {"$in": [ObjectId(c) for t in tenants for c in t.channels]},
        }
        self._stopping = threading.Event()

    def run(self) -> None:
        outstanding: list[str] = []
        following, began_cpu = 0, time.thread_time()
        while not self._stopping.wait(EVERY_S):
            now = time.monotonic()
            while following < len(self._schedule) and self._schedule[following] <= now:
                outstanding.append(self._ids[following])
                following += 1
            if outstanding:
                seen = self._look(outstanding[:MOST_ASKED])
                outstanding = [each for each in outstanding if each not in seen]
            elif following == len(self._schedule):
                break
        self.own_cpu_s = time.thread_time() - began_cpu

    def _look(self, asked: list[str]) -> set[str]:
        began = time.monotonic()
        rows = self._messages.find(
            {**self._where, "external_id": {"$in": asked}}, {"external_id": 1, "_id": 0}
        )
        seen = {row["external_id"] for row in rows}
        now = time.monotonic()
        self.looks += 1
        self.look_s += now - began
        for external_id in seen:
            index = self._index_of[external_id]
            self.took_s[index] = now - self._schedule[index]
        return seen

    def finish(self, timeout_s: float) -> list[float]:
        """Milliseconds of all messages, ascending; those never seen are missing."""
        self.join(timeout_s)
        self._stopping.set()
        self.join(5)
        return sorted(took * 1000 for took in self.took_s.values())

    @property
    def cost(self) -> str:
        """What the looking took."""
        each = self.look_s / max(self.looks, 1) * 1000
        return f"{self.looks} looks of {each:.2f} ms, {self.own_cpu_s:.1f} s of processor time"


@dataclass(frozen=True)
class Sample:
    """A message to be looked for through the API; ``due`` is the instant it is posted."""

    due: float
    api: Connection
    conversation_id: str
    text: str


class ApiSample(threading.Thread):
    """Asks the API for single messages until each is in the answer."""

    def __init__(self, samples: Sequence[Sample], give_up_s: float) -> None:
        super().__init__(name="api-sample", daemon=True)
        self._samples, self._give_up_s = samples, give_up_s
        self.took_ms: list[float] = []
        self.asked = 0

    def run(self) -> None:
        for sample in self._samples:
            time.sleep(max(sample.due - time.monotonic(), 0))
            while time.monotonic() < sample.due + self._give_up_s:
                if self._is_there(sample):
                    self.took_ms.append((time.monotonic() - sample.due) * 1000)
                    break
                time.sleep(API_EVERY_S)

    def _is_there(self, sample: Sample) -> bool:
        self.asked += 1
        answer = sample.api.get(f"/api/v1/conversations/{sample.conversation_id}/messages?limit=5")
        return any(row["text"] == sample.text for row in answer.json()["results"])


def conversations_of(db: Any, senders: Sequence[str]) -> dict[str, str]:
    """The conversation of each sender who has written already."""
    identities = {row["value"]: row["contact_id"] for row in
                  db["contact_identities"].find({"value": {"$in": list(senders)}})}  # fmt: skip
    rows = db["conversations"].find({"contact_id": {"$in": list(identities.values())}})
    found = {row["contact_id"]: str(row["_id"]) for row in rows}
    return {sender: found[contact] for sender, contact in identities.items() if contact in found}
