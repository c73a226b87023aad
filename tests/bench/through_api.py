"""Reading through the REST API that what was posted is there, once and in order."""

from typing import Any

from tests.bench.arrival import conversations_of
from tests.bench.errors import Failed
from tests.bench.http1 import Connection
from tests.bench.signing import FIRST_CUSTOMER, Writers
from tests.bench.stack import BenchStack


def in_order(stack: BenchStack, run: str, count: int, customers: int) -> int:
    """Read every conversation of a run's senders; the number of its messages, all in order.

    Raises ``Failed`` when one is missing, twice there, or out of order.
    """
    tenants = stack.tenants
    writers = Writers(tuple(t.numbers[0] for t in tenants), customers, run)
    apis = {t.numbers[0]: stack.api(t) for t in tenants}
    threads = conversations_of(stack.db, [writers.sender(i) for i in range(customers)])
    for person in range(min(customers, count)):
        wanted = [writers.text(i) for i in range(person, count, customers)]
        sender = str(FIRST_CUSTOMER + person)
        rows = _newest(apis[writers.number(person)], threads[sender], run, len(wanted))
        if rows != wanted:
            raise Failed(f"the API shows {len(rows)} messages of {len(wanted)}, or not in order")
    return count


def _newest(api: Connection, conversation_id: str, run: str, wanted: int) -> list[str]:
    """The texts of a run in one conversation, oldest first."""
    texts: list[str] = []
    path = f"/api/v1/conversations/{conversation_id}/messages?limit=200"
    cursor = ""
    while len(texts) < wanted:
        page: dict[str, Any] = api.get(path + cursor).json()
        texts += [r["text"] for r in page["results"] if r["text"].startswith(f"{run} ")]
        if not page["next"]:
            break
        cursor = f"&cursor={page['next']}"
    return texts[::-1]
