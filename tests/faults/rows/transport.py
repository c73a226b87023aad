"""Rows 32 and 33: connections that misbehave, and answers with 200 that are none."""

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import psutil

from tests.faults.ledger import CANARY
from tests.faults.mischief import HOSTILE, FullBacklog, Mischief
from tests.faults.rows import Figure, row
from tests.faults.sending import Json, Number, came_to, conversations, deliveries, own_number, send
from tests.faults.trial import Trial

TOTAL_S = 20.0
SLACK_S = 1.0
"""From the record of the attempt to the record of its end is a little more than the call."""


@contextmanager
def _between(trial: Trial, ways: Sequence[str]) -> Iterator[Mischief]:
    """The outbound worker speaks to the simulator through a man in the middle."""
    plan = {f"{CANARY} {way}": way for way in ways}
    with Mischief(trial.product.stack.ports.simulator, plan) as middle:
        url = f"http://127.0.0.1:{middle.port}"
        with trial.product.swapped("worker-outbound", META_GRAPH_URL=url):
            yield middle


def _sends(trial: Trial, number: Number, ways: Sequence[str], first: int) -> dict[str, str]:
    """One message for each way, each to a customer of its own; way → message."""
    threads = conversations(trial, number.phone, len(ways), first=first)
    return {way: send(trial, thread, way) for way, thread in zip(ways, threads, strict=True)}


def _outcomes(trial: Trial, sends: dict[str, str]) -> dict[str, list[str]]:
    """Way → what each of its attempts came to."""
    found = deliveries(trial, sends.values())
    return {way: [t.get("outcome", "") for t in found[m]["tries"]] for way, m in sends.items()}


def _longest(trial: Trial, messages: Sequence[str]) -> float:
    """The longest attempt of any, in seconds."""

    def seconds(attempt: Json) -> float:
        began, ended = (datetime.fromisoformat(attempt[name]) for name in ("at", "ended_at"))
        return (ended - began).total_seconds()

    rows = deliveries(trial, messages).values()
    return max(seconds(t) for row_ in rows for t in row_["tries"] if t.get("ended_at"))


TOLD = ("stall", "drip", "reset after", "frozen")
"""The call was carried out: its status tells what the connection did not."""
UNTOLD = ("silence", "reset unread")
UNSENT = ("refused", "no handshake", "no TLS")


@row(32, "transport pathologies")
def pathologies(trial: Trial) -> Figure:
    """What cannot have left is repeated, what may have left never; a call ends within 20 s."""
    number = own_number(trial)
    ways = (*TOLD[:-1], *UNTOLD)
    with _between(trial, ways) as middle:
        sends = _sends(trial, number, ways, 700)
        healthy = _sends(trial, own_number(trial), ("healthy",), 720)
        waited = bool(came_to(trial, list(healthy.values()), "accepted", 5))
        trial.require(not waited, "a healthy number's send waits behind the others")
        came_to(trial, list(sends.values()), lambda row_: row_["outcome"] != "queued", 40)
        sends |= _phases(trial, number, middle)
    with trial.product.swapped(
        "worker-outbound", META_GRAPH_URL=f"https://127.0.0.1:{trial.product.stack.ports.simulator}"
    ):
        sends |= _sends(trial, own_number(trial), ("no TLS",), 740)
        _tried(trial, sends["no TLS"], 20)
    told = [sends[way] for way in (*TOLD, *UNSENT)]
    late = came_to(trial, told, "accepted", 150)
    names = {message: way for way, message in sends.items()}
    trial.require(not late, f"never accepted: {[names[m] for m in late]}")
    wrong = _misclassified(_outcomes(trial, sends))
    trial.require(not wrong, f"misclassified: {wrong}")
    longest = _longest(trial, list(sends.values()))
    trial.require(longest <= TOTAL_S + SLACK_S, f"an attempt took {longest:.1f} s")
    return {"ways": len(sends), "misclassified": len(wrong), "max_call_s": round(longest, 1)}


def _phases(trial: Trial, number: Number, middle: Mischief) -> dict[str, str]:
    """What concerns every connection: nobody listens, no handshake, a provider that stands still."""
    middle.refuse()
    sends = _sends(trial, number, ("refused",), 730)
    _tried(trial, sends["refused"], 20)
    with FullBacklog(middle.port):
        sends |= _sends(trial, own_number(trial), ("no handshake",), 731)
        _tried(trial, sends["no handshake"], 20)
    middle.accept()
    fresh = own_number(trial)
    (thread,) = conversations(trial, fresh.phone, 1, first=732)
    trial.product.kill("simulator", signal.SIGSTOP)
    try:
        sends["frozen"] = send(trial, thread, "frozen")
        _tried(trial, sends["frozen"], 30)
    finally:
        trial.product.kill("simulator", signal.SIGCONT)
    return sends


def _tried(trial: Trial, message: str, seconds: float) -> None:
    """Wait for the end of the first attempt."""

    def ended() -> bool:
        time.sleep(0.1)
        found = deliveries(trial, [message]).get(message)
        return bool(found and found["tries"] and found["tries"][0].get("outcome"))

    trial.require(trial.product.wait_until(ended, seconds), "an attempt did not end")


def _misclassified(outcomes: dict[str, list[str]]) -> dict[str, list[str]]:
    """A reset may come before all has been written, or behind it."""
    first = {**dict.fromkeys((*TOLD, "silence"), ("unknown",)), **dict.fromkeys(UNSENT, ("not_sent",)),
             "reset unread": ("unknown", "not_sent")}  # fmt: skip
    return {way: tries for way, tries in outcomes.items() if tries and way in first
            and (tries[0] not in first[way] or (tries[0] == "unknown" and len(tries) > 1))}  # fmt: skip


RSS_RISE_MB = 150.0
ANOTHERS = "another's"


@row(33, "hostile 200s")
def hostile(trial: Trial) -> Figure:
    """Every answer that cannot be read leaves the send unknown until its status tells; nothing crashes."""
    number, ways = own_number(trial), [*HOSTILE, ANOTHERS]
    said = len(trial.product.console.said)
    with _between(trial, ways):
        plain = _sends(trial, number, ("plain",), 750)
        came_to(trial, list(plain.values()), "accepted", 20)
        pid = trial.product.pid("worker-outbound") or 0
        before = psutil.Process(pid).memory_info().rss / 1e6
        sends, most = _sends(trial, number, ways, 760), 0.0
        until = time.monotonic() + 60
        while time.monotonic() < until and came_to(trial, list(sends.values()), "accepted", 0.3):
            most = max(most, psutil.Process(pid).memory_info().rss / 1e6)
        same = trial.product.pid("worker-outbound") == pid
    late = came_to(trial, list(sends.values()), "accepted", 1)
    names = {message: way for way, message in sends.items()}
    trial.require(not late, f"never told by a status: {[names[m] for m in late]}")
    tries = _outcomes(trial, sends)
    wrong = {w: t for w, t in tries.items() if w != ANOTHERS and t != ["unknown"]}
    trial.require(not wrong, f"not taken as unknown: {wrong}")
    trial.require(same, f"the worker died: {trial.product.console.said[said:]}")
    trial.require(most - before <= RSS_RISE_MB, f"the worker grew by {most - before:.0f} MB")
    ids = [
        row_["external_id"]
        for row_ in deliveries(trial, [*sends.values(), *plain.values()]).values()
    ]
    doubled = len(ids) - len(set(ids))
    trial.require(not doubled, f"{doubled} messages have another's id ({tries[ANOTHERS]})")
    return {"ways": len(ways), "crashes": int(not same), "with_anothers_id": doubled, "rss_rise_mb": round(max(0.0, most - before))}  # fmt: skip
