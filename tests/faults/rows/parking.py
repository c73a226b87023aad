"""Row 21: nobody home: what cannot be applied now is kept, and applied in order when it can."""

import time
from typing import Any

from tests.faults.ledger import CANARY, SENDERS, body_of, text_of
from tests.faults.posting import Poster
from tests.faults.rows import Figure, row
from tests.faults.trial import Trial

STATE = """
from accounts.models import User
from kernel.scoping import tenant_scope
from tenants.access import acting_as_system
from tenants.models import Tenant
from tenants.services import tenant as service
tenant = Tenant.objects.get(pk={tenant!r})
with tenant_scope(tenant), acting_as_system():
    service.{what}_tenant(tenant=tenant, reason="fault harness")
"""


@row(21, "nobody home")
def nobody_home(trial: Trial) -> Figure:
    """A number nobody has; a channel that was removed; a suspended tenant; a refused token."""
    parked = _unknown_number(trial) + _removed(trial) + _suspended(trial)
    held = _refused_token(trial)
    trial.settle()
    refused = sum(1 for w in trial.ledger.webhooks if w.status != 200)
    trial.require(not refused, f"{refused} webhooks were not answered 200")
    return {"parked": parked, "held_sends": held, "non_200": refused}


def _post(trial: Trial, phone: str, sender_number: int, count: int, *, first: int = 1) -> list[str]:
    poster, ids = Poster(trial), []
    sender = f"{SENDERS}{98000 + sender_number:05d}"
    for n in range(first, first + count):
        id_ = f"wamid.{trial.run}.{sender}.{n}"
        body = body_of(phone, [text_of(id_, sender, f"{CANARY}{trial.run} {n}", time.time())])
        poster.post(body, [(id_, sender, n)], phone=phone)
        ids.append(id_)
    return ids


def _applied(trial: Trial, ids: list[str], seconds: float) -> int:
    """How many of the messages are stored, waiting so long for all of them."""
    rows = trial.product.database["messages"]
    where = {"external_id": {"$in": ids}}
    trial.product.wait_until(lambda: rows.count_documents(where) == len(ids), seconds)
    return int(rows.count_documents(where))


def _all_or_none(trial: Trial, ids: list[str], what: str, release: Any) -> int:
    """None is applied before `release`, all of them after it."""
    early = _applied(trial, ids, 3)
    trial.require(not early, f"{what}: {early} were applied too early")
    release()
    late = _applied(trial, ids, 30)
    trial.require(late == len(ids), f"{what}: {late} of {len(ids)} were applied")
    return len(ids)


def _connect(trial: Trial, number: dict[str, str]) -> str:
    body = {"kind": "whatsapp", "name": "Late", "phone_number_id": number["phone_number_id"],
            "waba_id": number["waba_id"], "access_token": number["access_token"]}  # fmt: skip
    status, channel = trial.product.api("POST", "channels", body)
    trial.require(status == 201, f"connecting was answered {status}: {channel}")
    return str(channel.get("id", ""))


def _unknown_number(trial: Trial) -> int:
    """The number is connected after its customers have written."""
    phone = f"10654035{trial.rng.randrange(10**6, 10**7)}"
    token = trial.product.tokens[0]
    number = {"phone_number_id": phone, "waba_id": "102290129340398", "access_token": token}
    trial.product.simulator.do("numbers", **number, verified_name="Late",
                               display_phone_number="+1 555-010-0999")  # fmt: skip
    trial.product.simulator.do("tokens", action="add", token=token, phone_number_ids=[phone])
    trial.product.more_numbers[phone] = trial.product.tenants[0]["id"]
    ids = _post(trial, phone, 1, 20)
    made: list[str] = []
    count = _all_or_none(trial, ids, "unknown number", lambda: made.append(_connect(trial, number)))
    trial.late = (number, made[0])
    return count


def _removed(trial: Trial) -> int:
    """The same channel is taken off, written to, and connected again."""
    number, channel = trial.late
    status, _ = trial.product.api("DELETE", f"channels/{channel}")
    trial.require(status in (200, 204), f"removing was answered {status}")
    ids = _post(trial, number["phone_number_id"], 2, 20)
    return _all_or_none(trial, ids, "removed channel", lambda: _connect(trial, number))


def _suspended(trial: Trial) -> int:
    """A suspended tenant's messages wait in its lanes; they follow in order when it is resumed."""
    tenant, phone = trial.product.tenants[1]["id"], trial.product.phones[1]

    def say(what: str) -> None:
        trial.product.stack.manage("shell", "-c", STATE.format(tenant=tenant, what=what))

    say("suspend")
    try:
        ids = _post(trial, phone, 3, 20)
        early = _applied(trial, ids, 2)
    finally:
        say("resume")
    ids += _post(trial, phone, 3, 20, first=21)
    late = _applied(trial, ids, 60)
    trial.require(not early, f"suspended: {early} were applied")
    trial.require(late == len(ids), f"suspended: {late} of {len(ids)} were applied after it")
    return 20


def _refused_token(trial: Trial) -> int:
    """A revoked token breaks the channel; its sends wait, in order, until it is reconnected."""
    product, phone = trial.product, trial.product.phones[2]
    channel = product.tenants[2]["channels"][0]["id"]
    token = product.tokens[3]
    (id_,) = _post(trial, phone, 4, 1)
    _applied(trial, [id_], 30)
    row_ = product.database["messages"].find_one({"external_id": id_})
    product.simulator.do("tokens", action="revoke", token=token)
    path = f"conversations/{row_['conversation_id']}/messages"
    sent = []
    for n in range(5):
        said = {"type": "text", "text": f"{CANARY} {n}"}
        _, shown = product.api("POST", path, said, tenant=2)
        sent.append(shown["id"])
    broken = {"status": "broken"}
    product.wait_until(lambda: product.database["channels"].find_one(broken) is not None, 20)
    product.simulator.do("tokens", action="restore", token=token)
    status, answer = product.api("POST", f"channels/{channel}/reconnect", {"access_token": token},
                                 tenant=2)  # fmt: skip
    trial.require(status == 200, f"reconnecting was answered {status}: {answer}")
    return len(sent)
