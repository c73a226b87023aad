"""Rows 15 and 22: what decides whether a webhook is ours, and whose it is, changes under traffic."""

import secrets
import threading
import time
from dataclasses import replace
from typing import Any

from tests.faults.ledger import CANARY, SENDERS, Webhook, body_of, text_of
from tests.faults.posting import Poster
from tests.faults.rows import Figure, row
from tests.faults.sending import Number, connect, new_number
from tests.faults.trial import Trial


@row(15, "app-secret rotation")
def rotation(trial: Trial) -> Figure:
    """The new secret joins, the order turns, Meta goes over to it, the old one is dropped."""
    product = trial.product
    meta, stage = product.demo["meta"], trial.pick(3.0, 10.0)
    old, new = str(meta["app_secret"]), secrets.token_hex(16)
    product.tokens.append(new)
    # Without sends: their proof has one secret only, so that at some moment of a rotation it is wrong.
    load = trial.load(seconds=stage * 5 + 120, rate=trial.pick(40, 100), sends=0.0)
    try:
        product.sleep(stage)
        for stages in (f"{old},{new}", f"{new},{old}"):
            _restart_edge(trial, stages)
            product.sleep(stage)
        meta["app_secret"] = new
        product.simulator.do("settings", app_secret=new)
        product.sleep(stage)
        _restart_edge(trial, new)
        product.sleep(stage)
        load.stop()
        load.join()
        refused = sum(1 for w in trial.ledger.webhooks if w.status == 401)
        meta["app_secret"] = old
        after = Poster(trial).post(b'{"object":"whatsapp_business_account","entry":[]}')
        meta["app_secret"] = new
        valid = Poster(trial).post(b'{"object":"whatsapp_business_account","entry":[]}')
    finally:
        meta["app_secret"] = old
        product.simulator.do("settings", app_secret=old)
        _restart_edge(trial, old)
    trial.require(not refused, f"{refused} valid bodies were refused")
    trial.require((after, valid) == (401, 200), f"at the end: old {after}, new {valid}")
    posted = sum(1 for w in trial.ledger.webhooks if w.items)
    return {"posted": posted, "refused_valid": refused, "old_after": after}


def _restart_edge(trial: Trial, app_secrets: str) -> None:
    trial.fault()
    trial.product.swap("edge", META_APP_SECRET=app_secrets)


CONNECTS = 20


@row(22, "one number, two tenants")
def two_tenants(trial: Trial) -> Figure:
    """Twenty connects at once make one owner; a transfer under traffic misroutes nothing."""
    number = new_number(trial)
    first = _race(trial, number)
    other = replace(first, tenant=1 - first.tenant, channel="")
    traffic = _Traffic(trial, number.phone)
    with traffic:
        trial.product.sleep(trial.pick(2.0, 10.0))
        freed = time.time()
        status, _ = trial.product.api("DELETE", f"channels/{first.channel}", tenant=first.tenant)
        trial.require(status in (200, 204), f"removing was answered {status}")
        trial.product.sleep(trial.pick(1.0, 5.0))
        status, _ = connect(trial, other)
        taken = time.time()
        trial.require(status == 201, f"the other's connecting was answered {status}")
        trial.product.sleep(trial.pick(2.0, 10.0))
    ids = [w.items[0][0] for w in traffic.posts]
    where = {"external_id": {"$in": ids}}
    rows = trial.product.database["messages"]
    trial.product.wait_until(lambda: rows.count_documents(where) == len(ids), 30)
    trial.settle()
    return _routed(trial, traffic, first, other, freed, taken) | {"connects": CONNECTS}


def _race(trial: Trial, number: Number) -> Number:
    """Both tenants connect the number at once; who got it."""
    answers: list[tuple[int, int, str]] = []

    def ask(tenant: int) -> None:
        own = replace(number, tenant=tenant)
        status, shown = connect(trial, own)
        answers.append((tenant, status, str(shown.get("id", ""))))

    threads = [threading.Thread(target=ask, args=(n % 2,)) for n in range(CONNECTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [(tenant, id_) for tenant, status, id_ in answers if status == 201]
    others = sorted({status for _, status, _ in answers} - {201})
    trial.require(len(won) == 1, f"{len(won)} connects of {CONNECTS} were answered 201")
    trial.require(others == [409], f"the others were answered {others}")
    claimed = trial.product.database["channels"].count_documents(
        {"external.phone_number_id": number.phone, "status": {"$ne": "removed"}}
    )
    trial.require(claimed == 1, f"{claimed} channels have the number")
    tenant, channel = won[0]
    return replace(number, tenant=tenant, channel=channel)


class _Traffic:
    """Customers write to the number all the time."""

    def __init__(self, trial: Trial, phone: str) -> None:
        self.trial, self.phone = trial, phone
        self.posts: list[Webhook] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "_Traffic":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        poster, n = Poster(self.trial), 0
        while not self._stop.wait(0.02):
            n += 1
            sender = f"{SENDERS}{96900 + n % 20:05d}"
            id_ = f"wamid.{self.trial.run}.{sender}.{n}"
            said = text_of(id_, sender, f"{CANARY}{self.trial.run} {n}", time.time())
            poster.post(body_of(self.phone, [said]), [(id_, sender, n)], phone=self.phone)
            self.posts.append(self.trial.ledger.webhooks[-1])


def _routed(
    trial: Trial, traffic: _Traffic, first: Number, other: Number, freed: float, taken: float
) -> dict[str, Any]:
    """What was answered before the number was given up is its owner's; what was posted after it was taken, the other's.

    Between the two it may be either's, and the auditor is told whose it became.
    """
    tenants = {n.tenant: trial.product.tenants[n.tenant]["id"] for n in (first, other)}
    ids = [w.items[0][0] for w in traffic.posts]
    rows = trial.product.database["messages"].find({"external_id": {"$in": ids}})
    owner = {row_["external_id"]: str(row_["tenantId"]) for row_ in rows}
    counts = {"first": 0, "between": 0, "other": 0}
    misrouted = 0
    for webhook in traffic.posts:
        found = owner.get(webhook.items[0][0], "")
        when = (
            "first" if webhook.answered <= freed else "other" if webhook.posted >= taken else "between"
        )  # fmt: skip
        right = {"first": tenants[first.tenant], "other": tenants[other.tenant]}.get(
            when, found or tenants[other.tenant]
        )
        counts[when] += 1
        misrouted += bool(found) and found != right
        webhook.phone = f"{webhook.phone} of {right}"
        trial.product.more_numbers[webhook.phone] = right
    trial.require(not misrouted, f"{misrouted} messages are with the wrong tenant")
    kept = trial.product.api("GET", f"channels/{first.channel}", tenant=other.tenant)[0]
    trial.require(kept == 404, f"the new owner sees the old channel: {kept}")
    return {"misrouted": misrouted, **counts}
