"""Negative controls: for each invariant a build that breaks it, and its check must turn red.

Each control has a product of its own. A control fails when its check stays green, or when a check
turns red that the break does not explain.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bson import ObjectId

from tests.faults.auditor import audit, broken
from tests.faults.posting import Poster
from tests.faults.product import Product, Spec
from tests.faults.report import FOLDER
from tests.faults.rows.calls import _send
from tests.faults.rows.processes import kill_one
from tests.faults.trial import Trial

KEPT = FOLDER / "controls.jsonl"


@dataclass(frozen=True)
class Control:
    """`also` are checks that this break turns red as well, because they see the same harm."""

    invariant: str
    what: str
    run: Callable[[Trial], None]
    also: frozenset[str] = frozenset()


def run_controls(wanted: Sequence[str] | None = None) -> int:
    """Run them all, or those of the named invariants; the exit code."""
    FOLDER.mkdir(exist_ok=True)
    failed = 0
    for control in CONTROLS:
        if wanted and control.invariant not in wanted:
            continue
        print(f"control of {control.invariant}: {control.what}", flush=True)
        red, said = _one(control)
        seen = control.invariant in red and set(red) <= {control.invariant, *control.also}
        failed += not seen
        print(
            f"  {'seen' if seen else 'NOT SEEN'}: red are {', '.join(red) or 'none'}; {said}",
            flush=True,
        )
        entry = {"invariant": control.invariant, "what": control.what, "red": red, "said": said}
        with KEPT.open("a") as file:
            file.write(json.dumps(entry) + "\n")
    print(f"{failed} controls were not seen" if failed else "every control was seen")
    return 1 if failed else 0


def _one(control: Control) -> tuple[list[str], str]:
    with Product(Spec()) as product:
        trial = Trial(0, 1, product, short=True, settle_s=20)
        control.run(trial)
        folder = product.stack.folder.path / "trial"
        trial.write(folder)
        checks = audit(folder)
        found = checks[control.invariant]
        return broken(checks), f"{found.count}: {found.examples[0] if found.examples else ''}"


def _load(trial: Trial, **plan: object) -> None:
    trial.load(**{"seconds": 5, "rate": 40, "senders": 30, "api_rate": 4, **plan}).join()
    trial.settle()


def _broken(trial: Trial, name: str, *processes: str) -> None:
    env = trial.product.hooked("broken", FAULTS_BROKEN=name)
    for process in processes:
        trial.product.swap(process, **env)


def ack_before_insert(trial: Trial) -> None:
    known = trial.product.keeper.child("edge").process
    module = "tests.faults.hooks.hasty_edge:app"
    command = tuple(module if part == "webhooks.edge.app:app" else part for part in known.command)
    trial.product.swap("edge", replace(known, command=command))
    load = trial.load(seconds=5, rate=40, api_rate=0)
    trial.product.sleep(2.5)
    kill_one(trial, "edge")
    load.join()
    trial.product.sleep(2.0)
    trial.settle()


def no_keys(trial: Trial) -> None:
    for collection, index in (("messages", "message_once"), ("webhook_events", "inbound_once")):
        trial.product.database[collection].drop_index(index)
    _broken(trial, "forgetful", "worker-inbound")
    poster = Poster(trial)
    from tests.faults.ledger import CANARY, SENDERS, body_of, text_of

    sender = f"{SENDERS}00001"
    id_ = f"wamid.{trial.run}.{sender}.1"
    body = body_of(trial.product.phones[0], [text_of(id_, sender, f"{CANARY} 1", 1_700_000_000)])
    for _ in range(3):
        poster.post(body, [(id_, sender, 1)])
        trial.product.sleep(0.5)
    trial.settle()


def any_lane(trial: Trial) -> None:
    _broken(trial, "scattered", "worker-inbound")
    env = trial.product.hooked("broken", FAULTS_BROKEN="scattered")
    with trial.product.workers(3, env=env):
        _load(trial, senders=5, rate=120, api_rate=0)


def wrong_tenant(trial: Trial) -> None:
    _load(trial)
    other = ObjectId(trial.product.tenants[1]["id"])
    contact = trial.product.database["contacts"].find_one({"tenantId": {"$ne": other}})
    trial.product.database["contacts"].update_one(
        {"_id": contact["_id"]}, {"$set": {"tenantId": other}}
    )


def no_bells(trial: Trial) -> None:
    trial.expects["slo_s"] = 5.0
    _broken(trial, "deaf", "web", "worker-inbound", "worker-outbound")
    trial.product.keeper.take_out("beat")
    _load(trial, sends=0.9)
    trial.product.sleep(8)


def edited_audit(trial: Trial) -> None:
    _load(trial)
    log = trial.product.database["audit_log"]
    entry = log.find_one({"seq": {"$gt": 0}})
    log.update_one({"_id": entry["_id"]}, {"$set": {"action": "nothing.happened"}})


def logged_body(trial: Trial) -> None:
    _broken(trial, "talkative", "worker-inbound")
    _load(trial)


def unforeseen(trial: Trial) -> None:
    _broken(trial, "clumsy", "web")
    _load(trial, api_rate=10)


def wrong_counter(trial: Trial) -> None:
    _load(trial)
    trial.product.database["conversations"].update_one({}, {"$inc": {"message_count": 1}})


def sent_again(trial: Trial) -> None:
    _broken(trial, "stubborn", "worker-outbound")
    _load(trial, sends=0.0)
    trial.product.simulator.do("fail-next", reset_after=True, count=1)
    tenant = ObjectId(trial.product.tenants[0]["id"])
    thread = trial.product.database["conversations"].find_one({"tenantId": tenant})
    _send(trial, str(thread["_id"]), "once")
    trial.settle()


CONTROLS = (
    Control("I1", "the edge answers a second before it stores, and is killed", ack_before_insert),
    Control("I2", "the unique indexes are dropped and known keys are not looked up", no_keys),
    Control("I3", "a sender's items go to any lane", any_lane),
    Control("I4", "a contact is given to another tenant", wrong_tenant),
    Control("I5", "no bells, no sweeper, no beat", no_bells),
    Control("I6", "one entry of the audit log is edited", edited_audit),
    Control("I7", "a worker prints what it parses", logged_body),
    Control("I8", "a view fails in a way nobody foresaw", unforeseen),
    Control("I9", "a conversation's counter is raised by one", wrong_counter),
    Control("I10", "a call whose outcome is unknown is made again", sent_again),
)
