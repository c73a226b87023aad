"""Negative controls: for each invariant a build that breaks it, and its check must turn red.

They share a product: each one mends what it broke. A control fails when its check stays green, or
when a check turns red that the break does not explain; the next one then gets a new product.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

from bson import ObjectId

from tests.faults.auditor import audit, broken
from tests.faults.ledger import CANARY, SENDERS, body_of, text_of
from tests.faults.posting import Poster
from tests.faults.product import Product, Spec
from tests.faults.report import FOLDER
from tests.faults.rows.calls import _send
from tests.faults.rows.processes import kill_one
from tests.faults.running import Products
from tests.faults.trial import Trial

KEPT = FOLDER / "controls.jsonl"


@dataclass(frozen=True)
class Control:
    """`run` breaks the product, and mends it when the audit is over."""

    invariant: str
    what: str
    run: Callable[[Trial], AbstractContextManager[None]]


def run_controls(wanted: Sequence[str] | None = None) -> int:
    """Run them all, or those of the named invariants; the exit code."""
    FOLDER.mkdir(exist_ok=True)
    chosen = [c for c in CONTROLS if not wanted or c.invariant in wanted]
    with Products() as products:
        seen = [_is_seen(products, control) for control in chosen]
    print("every control was seen" if all(seen) else f"{seen.count(False)} were not seen")
    return 0 if all(seen) else 1


def _is_seen(products: Products, control: Control) -> bool:
    print(f"control of {control.invariant}: {control.what}", flush=True)
    began = time.monotonic()
    red, said = _one(products.of(Spec()), control)
    seen = red == [control.invariant]
    took = time.monotonic() - began
    print(f"  {'seen' if seen else 'NOT SEEN'} in {took:.0f} s: red are {', '.join(red) or 'none'}; {said}",
          flush=True)  # fmt: skip
    entry = {"invariant": control.invariant, "what": control.what, "red": red, "said": said}
    with KEPT.open("a") as file:
        file.write(json.dumps(entry) + "\n")
    if not seen:
        products.drop()
    return seen


def _one(product: Product, control: Control) -> tuple[list[str], str]:
    trial = Trial(0, 1, product, short=True, settle_s=20)
    with control.run(trial):
        folder = product.stack.folder.path / "trial"
        trial.write(folder)
        checks = audit(folder, product.verifier.verify)
    trial.settle()
    found = checks[control.invariant]
    return broken(checks), f"{found.count}: {found.examples[0] if found.examples else ''}"


def _load(trial: Trial, **plan: object) -> None:
    trial.load(**{"seconds": 3, "rate": 40, "senders": 30, "api_rate": 4, **plan}).join()
    trial.settle()


@contextmanager
def _broken(trial: Trial, name: str, process: str) -> Iterator[None]:
    with trial.product.swapped(process, **trial.product.hooked("broken", FAULTS_BROKEN=name)):
        yield


@contextmanager
def ack_before_insert(trial: Trial) -> Iterator[None]:
    known = trial.product.keeper.child("edge").process
    module = "tests.faults.hooks.hasty_edge:app"
    command = tuple(module if part == "webhooks.edge.app:app" else part for part in known.command)
    with trial.product.swapped("edge", replace(known, command=command)):
        load = trial.load(seconds=5, rate=40, api_rate=0)
        trial.product.sleep(2.5)
        kill_one(trial, "edge")
        load.join()
        trial.product.sleep(2.0)
        trial.settle()
        yield


@contextmanager
def no_keys(trial: Trial) -> Iterator[None]:
    """The last one: its harm stays."""
    for collection, index in (("messages", "message_once"), ("webhook_events", "inbound_once")):
        trial.product.database[collection].drop_index(index)
    with _broken(trial, "forgetful", "worker-inbound"):
        poster = Poster(trial)
        sender = f"{SENDERS}00001"
        id_ = f"wamid.{trial.run}.{sender}.1"
        said = text_of(id_, sender, f"{CANARY} 1", 1_700_000_000)
        for _ in range(3):
            poster.post(body_of(trial.product.phones[0], [said]), [(id_, sender, 1)])
            trial.product.sleep(0.5)
        trial.settle()
        yield


@contextmanager
def any_lane(trial: Trial) -> Iterator[None]:
    env = trial.product.hooked("broken", FAULTS_BROKEN="scattered")
    with _broken(trial, "scattered", "worker-inbound"), trial.product.workers(3, env=env):
        _load(trial, senders=5, rate=120, api_rate=0, seconds=5)
        yield


@contextmanager
def wrong_tenant(trial: Trial) -> Iterator[None]:
    _load(trial)
    other, contacts = ObjectId(trial.product.tenants[1]["id"]), trial.product.database["contacts"]
    contact = contacts.find_one({"tenantId": {"$ne": other}})
    contacts.update_one({"_id": contact["_id"]}, {"$set": {"tenantId": other}})
    yield
    contacts.update_one({"_id": contact["_id"]}, {"$set": {"tenantId": contact["tenantId"]}})


@contextmanager
def no_bells(trial: Trial) -> Iterator[None]:
    trial.expects["slo_s"] = 5.0
    keeper = trial.product.keeper
    beat = keeper.child("beat").process
    with _broken(trial, "deaf", "web"), _broken(trial, "deaf", "worker-inbound"):
        with _broken(trial, "deaf", "worker-outbound"):
            keeper.take_out("beat")
            trial.load(seconds=3, rate=40, senders=30, api_rate=4, sends=0.9).join()
            trial.product.sleep(8)
            yield
        keeper.start(beat)


@contextmanager
def edited_audit(trial: Trial) -> Iterator[None]:
    _load(trial)
    log = trial.product.database["audit_log"]
    entry = log.find_one({"seq": {"$gt": 0}})
    log.update_one({"_id": entry["_id"]}, {"$set": {"action": "nothing.happened"}})
    yield
    log.update_one({"_id": entry["_id"]}, {"$set": {"action": entry["action"]}})


@contextmanager
def logged_body(trial: Trial) -> Iterator[None]:
    with _broken(trial, "talkative", "worker-inbound"):
        _load(trial)
        yield


@contextmanager
def unforeseen(trial: Trial) -> Iterator[None]:
    with _broken(trial, "clumsy", "web"):
        _load(trial, api_rate=10)
        yield


@contextmanager
def wrong_counter(trial: Trial) -> Iterator[None]:
    _load(trial)
    threads = trial.product.database["conversations"]
    thread = threads.find_one({})
    threads.update_one({"_id": thread["_id"]}, {"$inc": {"message_count": 1}})
    yield
    threads.update_one({"_id": thread["_id"]}, {"$inc": {"message_count": -1}})


@contextmanager
def sent_again(trial: Trial) -> Iterator[None]:
    with _broken(trial, "stubborn", "worker-outbound"):
        _load(trial, sends=0.0)
        trial.product.simulator.do("fail-next", reset_after=True, count=1)
        tenant = ObjectId(trial.product.tenants[0]["id"])
        thread = trial.product.database["conversations"].find_one({"tenantId": tenant})
        _send(trial, str(thread["_id"]), "once")
        trial.settle()
        yield


CONTROLS = (
    Control("I1", "the edge answers a second before it stores, and is killed", ack_before_insert),
    Control("I3", "a sender's items go to any lane", any_lane),
    Control("I4", "a contact is given to another tenant", wrong_tenant),
    Control("I5", "no bells, no sweeper, no beat", no_bells),
    Control("I6", "one entry of the audit log is edited", edited_audit),
    Control("I7", "a worker prints what it parses", logged_body),
    Control("I8", "a view fails in a way nobody foresaw", unforeseen),
    Control("I9", "a conversation's counter is raised by one", wrong_counter),
    Control("I10", "a call whose outcome is unknown is made again", sent_again),
    Control("I2", "the unique indexes are dropped and known keys are not looked up", no_keys),
)
