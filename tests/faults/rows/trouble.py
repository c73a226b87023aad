"""Rows 31, 34, 37 and 39: the provider is ill, the token dies, the window closes, one reply of many is stuck."""

import itertools
import signal
import time
from collections.abc import Sequence
from typing import Any

from tests.faults.ledger import CANARY, SENDERS, body_of, text_of
from tests.faults.posting import Poster
from tests.faults.rows import Figure, row
from tests.faults.rows.processes import kill_one
from tests.faults.sending import (
    Json,
    Number,
    calls_of,
    came_to,
    conversations,
    fail_next,
    grant,
    no_more_faults,
    own_number,
    send,
)
from tests.faults.trial import Trial

IN_FLIGHT_S = 1.0
"""Calls that began before the trouble could be known are not held against anybody."""
BREAKS_AFTER, PROBES_PER_MINUTE = 5, 2


@row(31, "5xx for 10 min")
def ill(trial: Trial) -> Figure:
    """500, 502 and 503 in turn: the breaker opens, few calls are wasted, all is delivered after it."""
    number, seconds = own_number(trial), trial.pick(60.0, 600.0)
    threads = conversations(trial, number.phone, trial.pick(10, 30), first=200)
    sent: list[str] = []
    began = time.time()
    for http_status in (500, 502, 503):
        no_more_faults(trial)
        fail_next(trial, number, count=100_000, http_status=http_status)
        if not sent:
            sent = [send(trial, thread, f"{n}") for thread in threads for n in range(2)]
        trial.product.sleep(seconds / 3)
    no_more_faults(trial)
    ended = time.time()
    bad = [call["at"] for call in calls_of(trial, number.phone) if (call["status"] or 0) >= 500]
    wasted = _wasted(bad)
    allowed = PROBES_PER_MINUTE * ((ended - began) / 60 + 1)
    late = came_to(trial, sent, "accepted", trial.pick(240.0, 1200.0))
    drained = time.time() - ended
    trial.require(not late, f"{len(late)} of {len(sent)} were not delivered after it")
    trial.require(wasted <= allowed, f"{wasted} calls behind an open breaker, {allowed:.0f} may be")
    return {"outage_s": round(ended - began), "calls": len(bad), "wasted": wasted, "drain_s": round(drained, 1)}  # fmt: skip


def _wasted(bad: Sequence[float]) -> int:
    """Calls after the failure that had to open the breaker, but for those already under way."""
    if len(bad) < BREAKS_AFTER:
        return 0
    opened = bad[BREAKS_AFTER - 1]
    return sum(1 for at in bad if at > opened + IN_FLIGHT_S)


THREADS = 8
"""The outbound worker's: each may make one call more before it knows."""


@row(34, "token dies mid-run")
def dead_token(trial: Trial) -> Figure:
    """The token is revoked amid a full queue; a wrong one is refused, a new one delivers the rest in order."""
    number, total = own_number(trial), trial.pick(100, 1000)
    threads = conversations(trial, number.phone, trial.pick(10, 50), first=300)
    trial.product.kill("worker-outbound", signal.SIGSTOP)
    try:
        sent = [send(trial, threads[n % len(threads)], f"{n}") for n in range(total)]
    finally:
        trial.product.kill("worker-outbound", signal.SIGCONT)
    some = total * 2 // 5
    trial.product.wait_until(lambda: len(calls_of(trial, number.phone)) >= some, 120)
    trial.fault()
    trial.product.simulator.do("tokens", action="revoke", token=number.token)
    _broken(trial, number)
    trial.product.sleep(3.0)
    refused = [call for call in calls_of(trial, number.phone) if call["status"] == 401]
    known = refused[0]["at"] + refused[0]["ms"] / 1000 if refused else 0.0
    further = sum(1 for call in refused if call["at"] > known)
    trial.require(bool(refused), "the token was revoked after the last call")
    trial.require(further <= THREADS, f"{further} calls after the first 190, {THREADS} may be")
    _alerted_once(trial, number)
    again = _new_token(trial, number)
    late = came_to(trial, sent, "accepted", 180)
    trial.require(not late, f"{len(late)} of {total} were not delivered after the new token")
    calls = [call for call in calls_of(trial, number.phone) if call["status"] == 200]
    doubled = len(calls) - len({call["message"] for call in calls})
    trial.require(not doubled, f"{doubled} messages were sent twice")
    return {"sends": total, "after_190": further, "refused": len(refused), "delivered": total - len(late),
            "dup": doubled, "drain_s": round(time.time() - again, 1)}  # fmt: skip


def _channel(trial: Trial, number: Number) -> Json:
    from bson import ObjectId

    where = {"_id": ObjectId(number.channel)}
    found: Json = trial.product.database["channels"].find_one(where)
    return found


def _broken(trial: Trial, number: Number) -> None:
    broke = trial.product.wait_until(lambda: _channel(trial, number)["status"] == "broken", 30)
    trial.require(broke, "the channel was not paused")


def _alerted_once(trial: Trial, number: Number) -> None:
    told = trial.product.database["domain_events"].count_documents(
        {"type": "channel.status_changed", "data.channel_id": number.channel, "data.status": "broken"}
    )  # fmt: skip
    trial.require(told == 1, f"{told} events say that the channel is broken")


def _new_token(trial: Trial, number: Number) -> float:
    """A token of another number is refused, a new one taken; when."""
    path, tenant = f"channels/{number.channel}/reconnect", number.tenant
    # The third tenant's token is good, for another business.
    foreign = {"access_token": trial.product.tokens[3]}
    status, _ = trial.product.api("POST", path, foreign, tenant=tenant)
    trial.require(400 <= status < 500, f"another number's token was answered {status}")
    token = number.token[:-8] + "newtoken"
    grant(trial, number, token)
    status, shown = trial.product.api("POST", path, {"access_token": token}, tenant=tenant)
    trial.require(status == 200, f"the new token was answered {status}: {shown.get('code')}")
    return time.time()


LEFT_S = 25.0
"""Between the first retry (5 s) and the second (30 s later)."""


@row(37, "window closes while queued")
def closing(trial: Trial) -> Figure:
    """A retry and a throttled send outlast the window: nothing leaves late, the agent is told."""
    at = time.time() - 86_400 + LEFT_S
    closes = int(at) + 86_400
    cases = {name: own_number(trial) for name in ("retried", "throttled", "reopened")}
    threads = {name: conversations(trial, number.phone, 2, at=at, first=400 + 10 * n)
               for n, (name, number) in enumerate(cases.items())}  # fmt: skip
    sends = {}
    for name, number in cases.items():
        ill = {"http_status": 500, "count": 2}
        busy = {"http_status": 429, "code": 130429, "retry_after": 45}
        fault = busy if name == "throttled" else ill
        fail_next(trial, number, **fault)
        sends[name] = send(trial, threads[name][0], name)
    trial.require(time.time() < closes, "the sends were asked for too late")
    trial.product.sleep(max(0.0, closes + 1 - time.time()))
    _refused_now(trial, threads["retried"][1])
    _writes_again(trial, cases["reopened"], threads["reopened"][0])
    expired = [sends["retried"], sends["throttled"]]
    late = came_to(trial, expired, "failed", 90)
    trial.require(not late, f"{len(late)} sends did not expire")
    reopened = came_to(trial, [sends["reopened"]], "accepted", 90)
    trial.require(not reopened, "a window that opened again did not let its send go")
    for message in expired:
        shown = trial.product.api("GET", f"messages/{message}")[1]
        error = shown.get("error") or {"title": "", "advice": ""}
        told = "window" in error["title"] and "template" in error["advice"]
        trial.require(shown["status"] == "failed" and told, f"the agent is shown {error}")
    calls = [c for n in cases.values() for c in calls_of(trial, n.phone) if c["message"] in expired]
    too_late = sum(1 for call in calls if call["at"] > closes)
    trial.require(not too_late, f"{too_late} calls after the window had closed")
    return {"expired": len(expired) - len(late), "late_sends": too_late, "calls": len(calls)}


def _refused_now(trial: Trial, conversation: str) -> None:
    """A text that is asked for after the end is refused at once; templates are what is left."""
    said = {"type": "text", "text": f"{CANARY} too late"}
    status, answer = trial.product.api("POST", f"conversations/{conversation}/messages", said)
    trial.require(400 <= status < 500, f"a text behind the window was answered {status}: {answer}")
    status, shown = trial.product.api("GET", f"conversations/{conversation}")
    allowed = shown.get("window", {}).get("allowed", [])
    trial.require("template" in allowed, f"templates are not offered: {allowed}")


def _writes_again(trial: Trial, number: Number, conversation: str) -> None:
    poster = Poster(trial)
    sender = f"{SENDERS}{90420:05d}"
    id_ = f"wamid.{trial.run}.{sender}.again"
    message = text_of(id_, sender, f"{CANARY} still here", time.time())
    poster.post(body_of(number.phone, [message]), [(id_, sender, 2)], phone=number.phone)
    rows = trial.product.database["messages"]
    trial.product.wait_until(lambda: rows.find_one({"external_id": id_}) is not None, 20)
    same = str(rows.find_one({"external_id": id_})["conversation_id"])
    trial.require(same == conversation, "who wrote again is in another conversation")


STUCK = 7


@row(39, "order in one conversation")
def one_conversation(trial: Trial) -> Figure:
    """Fifty replies to one customer; the seventh fails first, and the worker is killed meanwhile."""
    number, count = own_number(trial), trial.pick(12, 50)
    (thread,) = conversations(trial, number.phone, 1, first=500)
    fail_next(trial, number, count=trial.pick(1, 3), http_status=500, match={"type": "location"})
    place: dict[str, Any] = {
        "type": "location",
        "location": {"latitude": 32.08, "longitude": 34.78},
    }
    began = time.time()
    sent = [send(trial, thread, place if n == STUCK else f"{n}") for n in range(1, count + 1)]
    kills, until = 0, time.monotonic() + 900
    while time.monotonic() < until and came_to(trial, sent, "accepted", trial.pick(3, 20)):
        kills += kills < trial.pick(1, 5) and bool(kill_one(trial, "worker-outbound", parent=True))
    late = came_to(trial, sent, _is_over, 1)
    calls = [call for call in calls_of(trial, number.phone) if call["status"] == 200]
    order = [sent.index(call["message"]) for call in calls]
    inversions = sum(a > b for a, b in itertools.pairwise(order))
    blocked = calls[STUCK - 1]["at"] - calls[STUCK - 2]["at"] if len(calls) > STUCK else 0.0
    trial.require(not late, f"{len(late)} replies are not over after {time.time() - began:.0f} s")
    trial.require(not inversions, f"{inversions} inversions: {order}")
    trial.require(blocked <= 600, f"the replies behind the stuck one waited {blocked:.0f} s")
    return {"replies": count, "inversions": inversions, "kills": kills, "head_of_line_s": round(blocked, 1),
            "took_s": round(time.time() - began, 1)}  # fmt: skip


def _is_over(row_: Json) -> bool:
    """Accepted, or unknown because its worker died amid the call."""
    return row_["outcome"] in ("accepted", "unknown")
