"""Row 29: the worker is killed at every place around the provider's call."""

import json
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bson import ObjectId

from tests.faults.hooks.places import CALLS, PLACES, SHARED
from tests.faults.ledger import CANARY, SENDERS, Call, body_of, text_of
from tests.faults.posting import Poster
from tests.faults.rows import Figure, row
from tests.faults.trial import Trial

AT_ONCE = 8
"""So many sends wait at their places when the process is killed."""
ROUNDS = 14
FINAL = ("accepted", "unknown", "failed")
TURNS: tuple[tuple[bool, tuple[str, ...]], ...] = (
    (False, PLACES), (True, CALLS), (True, SHARED[:1]), (False, PLACES), (True, SHARED[1:2]),
    (True, CALLS), (True, SHARED[2:]),
)  # fmt: skip
"""Whether the sends of a round share a turn, and where they die; rounds take these in rotation."""
BESIDE = "beside"
"""A send of the same round that was not yet in hand: the rate let only some of them go at once."""


@row(29, "kill -9 around the HTTP call", short=True)
def around_the_call(trial: Trial) -> Figure:
    """Eight sends in each round, each at its own place; then SIGKILL, a restart, and what follows."""
    rounds = max(1, round(trial.pick(2, ROUNDS) * trial.scale))
    folder = trial.product.stack.folder.path / "places"
    folder.mkdir(exist_ok=True)
    env = trial.product.hooked("around_call", FAULTS_FOLDER=str(folder))
    places: dict[str, str] = {}
    with trial.product.swapped("worker-outbound", **env):
        for number in range(rounds):
            trial.product.keeper.begin_again("worker-outbound")
            places |= _round(trial, number, folder)
        trial.settle()
    (folder / "plan.json").unlink(missing_ok=True)
    return _judge(trial, places) | {"rounds": rounds}


def _round(trial: Trial, number: int, folder: Path) -> dict[str, str]:
    """One kill; returns message id → the place where its process died."""
    conversations = _conversations(trial, number)
    shared, places = TURNS[number % len(TURNS)]
    plan = {c: places[(number + n) % len(places)] for n, c in enumerate(conversations)}
    _write(folder, {"together": shared, "places": plan})
    messages = _post_sends(trial, plan)

    parked = _parked(trial, folder, plan)
    missing = [place for c, place in plan.items() if c not in parked and not _is_whole(plan)]
    trial.require(bool(parked) and not missing, f"round {number}: no send came to {missing}")
    trial.pause(0.0, 0.3)
    _write(folder, {"together": shared, "places": {}})  # whoever takes them up next is not stopped
    trial.fault()
    trial.product.kill("worker-outbound")
    _finished(trial, conversations)
    return {m: place if c in parked else BESIDE for m, (c, place) in messages.items()}


def _parked(trial: Trial, folder: Path, plan: dict[str, str]) -> set[str]:
    """The conversations that stand at their places: all, or as many of a turn as the number's rate let in."""

    def now() -> set[str]:
        return {name for name in plan if (folder / f"parked-{name}").exists()}

    trial.product.wait_until(
        lambda: len(now()) == len(plan) or (_is_whole(plan) and bool(now())), 20
    )
    if _is_whole(plan):
        trial.product.wait_until(lambda: len(now()) == len(plan), 0.5)
    return now()


def _is_whole(plan: dict[str, str]) -> bool:
    return len(set(plan.values())) == 1


def _write(folder: Path, plan: dict[str, Any]) -> None:
    draft = folder / "plan.new"
    draft.write_text(json.dumps(plan))
    draft.replace(folder / "plan.json")


def _post_sends(trial: Trial, plan: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Two sends for each conversation, the second behind the one that dies.

    The worker is stopped meanwhile, so that it finds all of them at once. Returns the first ones'
    message ids with their conversations and places.
    """
    trial.product.kill("worker-outbound", signal.SIGSTOP)
    try:
        messages = {_send(trial, c, "first"): (c, place) for c, place in plan.items()}
        for conversation in plan:
            _send(trial, conversation, "second")
    finally:
        trial.product.kill("worker-outbound", signal.SIGCONT)
    return messages


def _conversations(trial: Trial, number: int) -> list[str]:
    """New customers write, and have conversations."""
    poster, ids = Poster(trial), []
    for n in range(AT_ONCE):
        sender = f"{SENDERS}{90000 + (trial.seed * 400 + number * AT_ONCE + n) % 5000:05d}"
        ids.append(f"wamid.{trial.run}.{sender}.{number * AT_ONCE + n}")
        message = text_of(ids[-1], sender, f"{CANARY} hello", time.time())
        poster.post(body_of(trial.product.phones[0], [message]), [(ids[-1], sender, number)])
    rows = trial.product.database["messages"]
    found = {"external_id": {"$in": ids}}
    trial.product.wait_until(lambda: rows.count_documents(found) == len(ids), 30)
    return [str(row["conversation_id"]) for row in rows.find(found)]


def _send(trial: Trial, conversation: str, text: str) -> str:
    """Our reply, promised with 201; its id."""
    path = f"conversations/{conversation}/messages"
    began = time.time()
    said = {"type": "text", "text": f"{CANARY} {text}"}
    status, shown = trial.product.api("POST", path, said)
    sent = {"message": shown.get("id", ""), "conversation": conversation}
    ms = (time.time() - began) * 1000
    trial.ledger.calls.append(Call("POST", path, status, ms, sent=sent))
    return str(shown["id"])


def _finished(trial: Trial, conversations: list[str]) -> None:
    """Wait until every send of the round has come to an end that does not change by itself."""
    where = {"conversation_id": {"$in": [ObjectId(c) for c in conversations]}}
    rows = trial.product.database["deliveries"]

    def done() -> bool:
        time.sleep(0.1)
        found = list(rows.find(where, {"outcome": 1, "open": 1}))
        return all(not row["open"] and row["outcome"] in FINAL for row in found)

    if not trial.product.wait_until(done, 45):
        trial.require(False, "a send did not end within 45 s of the kill")


NEVER_LEFT = ("before_lease", "after_lease", BESIDE)
TRIED = ("recorded", "half_written")
"""The attempt is on record, and the provider has nothing: that stays unknown."""


def _judge(trial: Trial, places: dict[str, str]) -> dict[str, Any]:
    """What each place must lead to: sent once, or `unknown` and told by the status, never twice."""
    trial.product.sleep(2.0)
    calls: dict[str, int] = {}
    for call in trial.product.simulator.calls():
        calls[call["message"]] = calls.get(call["message"], 0) + 1
    ids = [ObjectId(id_) for id_ in places]
    rows = trial.product.database["deliveries"].find({"message_id": {"$in": ids}})
    unknown = told = twice = 0
    for delivery in rows:
        id_, ended = str(delivery["message_id"]), delivery["outcome"]
        place, count = places[id_], calls.get(id_, 0)
        twice += count > 1
        was_unknown = any(t.get("outcome") == "unknown" for t in delivery["tries"])
        unknown += ended == "unknown"
        told += place in ("written", "answered") and ended == "accepted"
        expected = ("unknown", 0) if place in TRIED else ("accepted", 1)
        trial.require((ended, count) == expected, f"{place}: {ended} after {count} calls")
        if place in NEVER_LEFT:
            trial.require(not was_unknown, f"{place}: was unknown, though nothing had left")
    ambiguous = sum(place in ("written", "answered") for place in places.values())
    trial.require(told == ambiguous, f"{told} of {ambiguous} ambiguous sends were told by a status")
    each = dict(Counter(places.values()))
    return {
        "interrupted": each,
        "sent_twice": twice,
        "told_by_status": told,
        "still_unknown": unknown,
    }
