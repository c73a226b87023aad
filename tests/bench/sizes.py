"""How much is done: the full run, and the quick one with smaller counts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Counts, repetitions and seconds of each part."""

    name: str
    parts: str
    ack_repetitions: int
    ack_seconds: float
    ack_warm_s: float
    open_seconds: float
    sustained: int
    sustained_repetitions: int
    readable_seconds: float
    readable_repetitions: int
    small_conversations: int
    large_conversations: int
    list_repetitions: int
    list_requests: int
    replies: int
    reply_repetitions: int
    starts: int
    keeps_start: bool
    rest_s: float
    backlog: int
    backlog_repetitions: int
    small_rows: int
    large_rows: int
    page_requests: int
    estimates: dict[str, str]


PARTS = {
    "a": "acknowledged: durable webhooks a second at the edge",
    "b": "inbound to readable",
    "c": "lists through HTTP, small and large",
    "d": "sends through the simulator",
    "e": "`make run` to ready, and memory at rest",
    "f": "fairness under another tenant's backlog",
    "g": "every list of the backoffice, small and large",
}

FULL = Sizes(
    name="full", parts="abcdefg", ack_repetitions=3, ack_seconds=5, ack_warm_s=1, open_seconds=20,
    sustained=20_000, sustained_repetitions=3, readable_seconds=30, readable_repetitions=3,
    small_conversations=10_000, large_conversations=1_000_000, list_repetitions=3,
    list_requests=100, replies=2_000, reply_repetitions=3, starts=3, keeps_start=False, rest_s=30,
    backlog=100_000, backlog_repetitions=1, small_rows=10_000, large_rows=1_000_000, page_requests=20,
    estimates={"a": "5 min", "b": "5 min", "c": "4 min, and 30 min once for the large data set",
               "d": "2 min", "e": "2 min", "f": "6 min", "g": "3 min, and 20 min once for the large data set"},
)  # fmt: skip

QUICK = Sizes(
    name="quick", parts="abcdef", ack_repetitions=1, ack_seconds=1.2, ack_warm_s=0.3, open_seconds=3,
    sustained=4_000, sustained_repetitions=1, readable_seconds=8, readable_repetitions=1,
    small_conversations=2_000, large_conversations=10_000, list_repetitions=3, list_requests=10,
    replies=300, reply_repetitions=1, starts=1, keeps_start=True, rest_s=2, backlog=6_000, backlog_repetitions=1,
    small_rows=200, large_rows=2_000, page_requests=3,
    estimates={"a": "55 s", "b": "25 s", "c": "30 s", "d": "15 s", "e": "25 s", "f": "20 s", "g": "25 s"},
)  # fmt: skip
