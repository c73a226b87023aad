"""Row 35: every documented error code does what its class says, and an unknown one is shown."""

import time
from collections.abc import Sequence
from functools import partial

from tests.faults.rows import Figure, row
from tests.faults.sending import (
    Json,
    Number,
    calls_of,
    came_to,
    conversations,
    deliveries,
    fail_next,
    own_number,
    send,
)
from tests.faults.trial import Trial

Code = tuple[int, int | None]
"""The code and its subcode, if it has one."""


def _plain(*codes: int) -> tuple[Code, ...]:
    return tuple((code, None) for code in codes)


RETRIED = _plain(1, 2, 104, 131000, 131014, 131016, 131057, 133004, 139102, 139103, 2494100)
APP_WIDE = _plain(4, 17, 32, 341, 613)
"""Codes that stop every number of the app for minutes."""
TEMPLATE_WIDE = _plain(131064, 132015, 132069)
"""Codes that stop one template for hours: the agent is told to choose another."""
THROTTLED = _plain(
    80007, 80008, 130429, 131048, 131056, 131208, 133008, 133009, 133015, 133016, 134101,
)  # fmt: skip
PAUSED = (
    *_plain(0, 3, 10, 33, 102, 190, 200, 294, 368, 131005, 131031, 131037, 131042, 131044, 131045,
            133006, 133010, 134011, 134102),
    (100, 33), (190, 458), (190, 459), (190, 460), (190, 463), (190, 464),
    (190, 467), (190, 492),
)  # fmt: skip
FAILED = _plain(
    100, 506, 1026, 130403, 130472, 130497, 130501, 131008, 131009, 131020, 131021, 131026, 131030,
    131041, 131047, 131049, 131050, 131051, 131052, 131053, 131055, 131059, 131062, 131063, 131201,
    131202, 131204, 131207, 131209, 131210, 131211, 131212, 131213, 131214, 131215, 132000, 132001,
    132005, 132007, 132008, 132012, 132016, 132018, 132068, 133000, 133005, 134100, 135000, 137000,
    138000, 138025, 139000, 139004, 139100, 139101, 141002, 147001, 147005, 200005, 1752041, 2388001,
    2388103, 2494164, 2494179, 2593079, 2593109,
)  # fmt: skip
UNKNOWN = _plain(987654, 5)
PAUSE_S = 300.0
LATE = _plain(1026, 130472, 131026, 131049, 131050, 131053)
"""Codes that come in a status after the call was accepted."""


@row(35, "every documented error code")
def codes(trial: Trial) -> Figure:
    """Each class on numbers of its own; what a code led to is read from the delivery and the API."""
    waiting: list[str] = []
    wrong = [
        *_failed(trial, FAILED + UNKNOWN + TEMPLATE_WIDE),
        *_late(trial),
        *_retried(trial, RETRIED),
        *_throttled(trial, THROTTLED),
        *_app_wide(trial, APP_WIDE, waiting),
        *_paused(trial, PAUSED),
    ]
    late = came_to(trial, waiting, "accepted", PAUSE_S + 30)
    trial.require(not late, f"{len(late)} sends did not leave when the app could call again")
    trial.require(not wrong, f"codes that led elsewhere: {wrong}")
    listed = (
        len(FAILED)
        + len(RETRIED)
        + len(THROTTLED)
        + len(APP_WIDE)
        + len(TEMPLATE_WIDE)
        + len(PAUSED)
    )
    return {"listed": listed, "wrong": len(wrong), "unknown": len(UNKNOWN), "late": len(LATE)}


def _meet(trial: Trial, number: Number, code: Code, **more: object) -> None:
    subcode = {} if code[1] is None else {"subcode": code[1]}
    fail_next(trial, number, code=code[0], **subcode, **more)


def _failed(trial: Trial, codes_: Sequence[Code]) -> list[str]:
    """They are met in any order; the simulator's ledger says which message met which."""
    number = own_number(trial)
    threads = conversations(trial, number.phone, len(codes_), first=2000)
    for code in codes_:
        _meet(trial, number, code)
    sent = [send(trial, thread, "code") for thread in threads]
    came_to(trial, sent, "failed", 60)
    met = {call["message"]: call["code"] for call in calls_of(trial, number.phone)}
    return [f"{met.get(id_)}: {said}" for id_ in sent if (said := _not_shown(trial, id_, met))]


def _not_shown(trial: Trial, message: str, met: dict[str, int]) -> str:
    """What is wrong with how the agent sees the failure; empty when nothing is."""
    shown = trial.product.api("GET", f"messages/{message}")[1]
    error = shown.get("error") or {}
    if shown.get("status") != "failed":
        return str(shown.get("status"))
    if error.get("code") != met.get(message) or not error.get("title") or not error.get("advice"):
        return f"shown as {error.get('code')}"
    return ""


def _late(trial: Trial) -> list[str]:
    number, wrong = own_number(trial), []
    threads = conversations(trial, number.phone, len(LATE), first=2100)
    for code, thread in zip(LATE, threads, strict=True):
        _meet(trial, number, code, **{"async": True})
        message = send(trial, thread, "late code")
        came_to(trial, [message], "accepted", 20)
        trial.product.wait_until(partial(_is_failed, trial, message), 10)
        if said := _not_shown(trial, message, {message: code[0]}):
            wrong.append(f"{code[0]} late: {said}")
    return wrong


def _is_failed(trial: Trial, message: str) -> bool:
    time.sleep(0.1)
    return bool(trial.product.api("GET", f"messages/{message}")[1].get("status") == "failed")


def _retried(trial: Trial, codes_: Sequence[Code]) -> list[str]:
    """A number for each, so that no breaker has a say."""
    sends = _each(trial, codes_, 2200)
    came_to(trial, [message for _, message in sends.values()], "accepted", 60)
    found = deliveries(trial, [message for _, message in sends.values()])
    wanted = ["transient", "accepted"]
    tries = {code: _tries(found[message]) for code, (_, message) in sends.items()}
    return [f"{code}: {said}" for code, said in tries.items() if said != wanted]


def _throttled(trial: Trial, codes_: Sequence[Code]) -> list[str]:
    """They wait, by their own measure, and count as no attempt that failed."""
    sends = _each(trial, codes_, 2300)
    messages = [message for _, message in sends.values()]
    came_to(trial, messages, lambda row_: bool(_tries(row_)), 30)
    found = deliveries(trial, messages)
    return [f"{code}: {_tries(found[message])}" for code, (_, message) in sends.items()
            if _tries(found[message])[:1] != ["throttled"]]  # fmt: skip


def _app_wide(trial: Trial, codes_: Sequence[Code], waiting: list[str]) -> list[str]:
    """A number that met none of it waits too, untried; ``waiting`` are those that must leave in the end."""
    wrong = []
    for n, code in enumerate(codes_):
        bystander = own_number(trial)
        (thread,) = conversations(trial, bystander.phone, 1, first=2600 + n)
        [(_, message)] = _each(trial, [code], 2500 + n).values()
        stopped = not came_to(trial, [message], lambda row_: _tries(row_) == ["throttled"], 30)
        other = send(trial, thread, "waits for the app")
        trial.product.sleep(3.0)
        tried = _tries(deliveries(trial, [other])[other])
        trial.product.redis.flushall()  # so that the next number can be connected; lanes keep their time
        waiting += [message, other]
        if not stopped or tried:
            wrong.append(f"{code}: stopped {stopped}, the other tried {tried}")
    return wrong


def _each(trial: Trial, codes_: Sequence[Code], first: int) -> dict[Code, tuple[Number, str]]:
    sends = {}
    for n, code in enumerate(codes_):
        number = own_number(trial)
        (thread,) = conversations(trial, number.phone, 1, first=first + n)
        _meet(trial, number, code)
        sends[code] = (number, send(trial, thread, "code"))
    return sends


def _tries(delivery: Json) -> list[str]:
    return [t["outcome"] for t in delivery["tries"] if t.get("outcome")]


def _paused(trial: Trial, codes_: Sequence[Code]) -> list[str]:
    """The channel is paused, its send kept; a reconnect delivers it."""
    number, wrong = own_number(trial), []
    threads = conversations(trial, number.phone, len(codes_), first=2400)
    path = f"channels/{number.channel}"
    for code, thread in zip(codes_, threads, strict=True):
        _meet(trial, number, code)
        message = send(trial, thread, "code")
        came_to(trial, [message], lambda row_: bool(_tries(row_)), 15)
        trial.product.wait_until(lambda: _status(trial, path) != "active", 5)
        status = _status(trial, path)
        trial.product.api("POST", f"{path}/reconnect", {"access_token": number.token})
        late = came_to(trial, [message], "accepted", 20)
        tries = _tries(deliveries(trial, [message])[message])
        if status != "broken" or late or tries != ["channel_broken", "accepted"]:
            wrong.append(f"{code}: {status}, {tries}")
    return wrong


def _status(trial: Trial, path: str) -> str:
    time.sleep(0.1)
    return str(trial.product.api("GET", path)[1].get("status"))
