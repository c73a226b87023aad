"""The ledger of what was asked of the product and what it answered; the auditor reads nothing else of ours.

A file of JSON lines. The first describes the run, each other one is an entry:

    {"kind": "webhook", "line", "posted", "answered", "status", "phone", "items": [[id, sender, n], …]}
    {"kind": "api", "method", "path", "status", "ms", "trace", "at", "sent": {"message", "conversation"} | null}

Times are seconds since the epoch; `status` is 0 when no answer came. Posts of one `line` follow
each other: the next one leaves after the one before was answered or given up.
"""

import json
import re
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

TRACE = re.compile(rb'Traceback|File "|pymongo|mongodb://|redis://|django\.|site-packages')
CANARY = "pelican"
SENDERS = "9725501"
"""Every sender of the load has a number that begins so: in no log may one appear."""


@dataclass
class Webhook:
    """One POST to the edge. `items` are (external id, sender, the sender's count), in the body's order."""

    line: str
    phone: str
    items: list[tuple[str, str, int]]
    posted: float
    answered: float = 0.0
    status: int = 0
    turn: float = 0.0
    trace: bool = False

    @property
    def is_acknowledged(self) -> bool:
        return self.status == 200


@dataclass
class Call:
    """One request to the API. `sent` names the message that a 201 promised."""

    method: str
    path: str
    status: int
    ms: float
    trace: bool = False
    at: float = 0.0
    sent: dict[str, str] | None = None


@dataclass
class Ledger:
    """Written by the load's thread, read after it ended."""

    run: str
    seed: int = 0
    webhooks: list[Webhook] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, path: Path) -> None:
        with path.open("w") as file:
            file.write(json.dumps({"run": self.run, "seed": self.seed}) + "\n")
            for webhook in self.webhooks:
                file.write(json.dumps({"kind": "webhook", **asdict(webhook)}) + "\n")
            for call in self.calls:
                file.write(json.dumps({"kind": "api", **asdict(call)}) + "\n")

    @classmethod
    def read(cls, path: Path) -> "Ledger":
        with path.open() as file:
            ledger = cls(**json.loads(next(file)))
            for line in file:
                entry = json.loads(line)
                if entry.pop("kind") == "webhook":
                    entry["items"] = [tuple(item) for item in entry["items"]]
                    ledger.webhooks.append(Webhook(**entry))
                else:
                    ledger.calls.append(Call(**entry))
        return ledger

    # -- figures -----------------------------------------------------------------------------

    def acknowledged(self) -> dict[str, Webhook]:
        """External id → the first post of it that was answered 200."""
        found: dict[str, Webhook] = {}
        for webhook in self.webhooks:
            if webhook.is_acknowledged:
                for id_, _, _ in webhook.items:
                    found.setdefault(id_, webhook)
        return found

    def classes(self) -> dict[str, int]:
        """How many answers there were of each class; `none` counts those that never came."""
        counts = {"2xx": 0, "4xx": 0, "5xx": 0, "none": 0}
        for status in [w.status for w in self.webhooks] + [c.status for c in self.calls]:
            counts[f"{status // 100}xx" if status else "none"] += 1
        return counts

    def ack_ms(self) -> list[float]:
        """Milliseconds from a post's turn to its answer, of those that were acknowledged."""
        return sorted(
            (w.answered - (w.turn or w.posted)) * 1000 for w in self.webhooks if w.is_acknowledged
        )


def quantile(ordered: list[float], part: float) -> float:
    """The value below which `part` of an ordered list lies; 0 of an empty one."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


def body_of(phone: str, messages: list[dict[str, Any]], **lists: Any) -> dict[str, Any]:
    """A webhook's body for one number, as Meta makes it."""
    senders = dict.fromkeys(str(m["from"]) for m in messages if isinstance(m, dict) and "from" in m)
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550100", "phone_number_id": phone},
        "contacts": [{"profile": {"name": f"Caller {s[-5:]}"}, "wa_id": s} for s in senders],
        **lists,
    }
    if messages:
        value["messages"] = messages
    change = {"field": "messages", "value": value}
    return {"object": "whatsapp_business_account",
            "entry": [{"id": "102290129340398", "changes": [change]}]}  # fmt: skip


def text_of(id_: str, sender: str, said: str, at: float) -> dict[str, Any]:
    return {"from": sender, "id": id_, "timestamp": str(int(at)), "type": "text",
            "text": {"body": said}}  # fmt: skip
