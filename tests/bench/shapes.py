"""One of each document as the product writes it: a question, the reply to it, and what became of that."""

import subprocess
import sys
import time
from typing import Any

from kernel.dev.layout import ROOT
from tests.bench.errors import Failed
from tests.bench.http1 import Connection
from tests.bench.signing import FIRST_CUSTOMER
from tests.bench.stack import BenchStack

MOST_AGENTS = 40
SENDER = FIRST_CUSTOMER + 90_000
PROCESSES = ("edge", "worker-inbound", "worker-outbound", "web")
WAIT_S = 60.0
# A sent message is accepted, sent, delivered, read: three of them come as statuses.
STATUSES = 3


def make_members(stack: BenchStack, tenant_id: str, smallest: int) -> None:
    """Forty agents besides the demo's people; fewer when each would not have a page of conversations."""
    agents = min(MOST_AGENTS, smallest // 200)
    command = [sys.executable, "-m", "tests.bench.members", tenant_id, str(agents)]
    result = subprocess.run(
        command, cwd=ROOT, env=stack.env, capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise Failed(f"members could not be made:\n{result.stderr[-2000:]}")


def one_of_each(stack: BenchStack) -> dict[str, Any]:
    """Documents by name: contact, identity, conversation, inbound, outbound, and a list of updates."""
    stack.start(*PROCESSES)
    try:
        return _exchange(stack)
    finally:
        stack.stop_running(*PROCESSES)


def believe(stack: BenchStack, **settings: Any) -> None:
    """Let the simulator take replies to customers who wrote through the generator, not through it."""
    simulator = Connection(stack.addresses.simulator)
    answer = simulator.post("/_sim/settings", {"window": "off", **settings})
    if answer.status != 200:
        raise Failed(f"the simulator's settings: {answer.body[:200]!r}")


def _exchange(stack: BenchStack) -> dict[str, Any]:
    tenant, db = stack.tenants[0], stack.db
    believe(stack, auto_read=True)
    stack.load("shape", 1, 1, numbers=tenant.numbers[:1], first_customer=SENDER).finish()
    identity = _awaited(db["contact_identities"], {"value": str(SENDER)})
    conversation = _awaited(db["conversations"], {"contact_id": identity["contact_id"]})
    reply = {"type": "text", "text": "It left our warehouse this morning."}
    stack.api(tenant).post(f"/api/v1/conversations/{conversation['_id']}/messages", reply)
    outbound = _awaited(db["messages"], {"conversation_id": conversation["_id"], "seq": 2})
    return {
        "identity": identity,
        "contact": _awaited(db["contacts"], {"_id": identity["contact_id"]}),
        "conversation": _awaited(db["conversations"], {"_id": conversation["_id"]}),
        "inbound": _awaited(db["messages"], {"conversation_id": conversation["_id"], "seq": 1}),
        "outbound": outbound,
        "updates": _updates(stack, str(outbound["_id"])),
    }


def _updates(stack: BenchStack, message_id: str) -> list[dict[str, Any]]:
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        found = list(stack.db["message_updates"].find({"message_id": message_id}))
        if (
            len([each for each in found if each["status"] in {"sent", "delivered", "read"}])
            == STATUSES
        ):
            return found
        time.sleep(0.1)
    posted = Connection(stack.addresses.simulator).get("/_sim/webhooks").json()["webhooks"]
    raise Failed(f"the statuses of the reply did not come; the simulator posted {posted[-3:]}")


def _awaited(collection: Any, where: dict[str, Any]) -> dict[str, Any]:
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        found: dict[str, Any] | None = collection.find_one(where)
        if found:
            return found
        time.sleep(0.05)
    raise Failed(f"no {collection.name} within {WAIT_S:.0f} s")
