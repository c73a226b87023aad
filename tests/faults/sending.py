"""What rows about sends have in common: numbers of their own, conversations, replies, and what became of them."""

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from tests.faults.ledger import CANARY, SENDERS, Call, body_of, text_of
from tests.faults.posting import Poster
from tests.faults.trial import Trial

Json = dict[str, Any]


@dataclass
class Number:
    """A number and an account that only this trial uses; `channel` is the id of its channel."""

    phone: str
    waba: str
    token: str
    tenant: int
    channel: str = ""


def new_number(trial: Trial, tenant: int = 0, **more: Any) -> Number:
    """A number at the simulator that nobody has connected; `more` are fields of the simulator's."""
    phone, waba = (f"{head}{secrets.randbelow(10**10):010d}" for head in ("10654", "10229"))
    number = Number(phone, waba, f"EAA{secrets.token_hex(40)}", tenant)
    product = trial.product
    product.simulator.do("numbers", phone_number_id=number.phone, access_token=number.token, waba_id=number.waba,
                         verified_name="Own", display_phone_number="+1 555-010-0777", **more)  # fmt: skip
    grant(trial, number, number.token)
    product.more_numbers[number.phone] = product.tenants[tenant]["id"]
    return number


def grant(trial: Trial, number: Number, token: str) -> None:
    """A token that may act for the number; no log may show it."""
    trial.product.simulator.do("tokens", action="add", token=token, phone_number_ids=[number.phone])
    trial.product.tokens.append(token)


def connect(trial: Trial, number: Number) -> tuple[int, Json]:
    """Ask the API to connect it for its tenant: the status and the answer."""
    body = {"kind": "whatsapp", "name": "Own", "phone_number_id": number.phone, "waba_id": number.waba,
            "access_token": number.token}  # fmt: skip
    return trial.product.api("POST", "channels", body, tenant=number.tenant)


def own_number(trial: Trial, tenant: int = 0, **more: Any) -> Number:
    """A connected number of the trial's own, so that its troubles are nobody else's."""
    number = new_number(trial, tenant, **more)
    status, shown = connect(trial, number)
    trial.require(status == 201, f"connecting was answered {status}: {shown.get('code')}")
    number.channel = str(shown.get("id", ""))
    return number


def conversations(
    trial: Trial, phone: str, count: int, *, at: float | None = None, first: int = 0
) -> list[str]:
    """Customers `first`, `first + 1`, … write to the number (at `at`, or now); their conversations' ids."""
    poster, ids = Poster(trial), []
    for n in range(first, first + count):
        sender = f"{SENDERS}{90000 + n % 10_000:05d}"
        ids.append(f"wamid.{trial.run}.{phone}.{sender}")
        message = text_of(ids[-1], sender, f"{CANARY} hello", at or time.time())
        poster.post(body_of(phone, [message]), [(ids[-1], sender, n)], phone=phone)
    rows = trial.product.database["messages"]
    where = {"external_id": {"$in": ids}}
    trial.product.wait_until(lambda: rows.count_documents(where) == len(ids), 60)
    found = {row["external_id"]: str(row["conversation_id"]) for row in rows.find(where)}
    return [found[id_] for id_ in ids]


def send(trial: Trial, conversation: str, said: str | Json, *, tenant: int = 0) -> str:
    """A reply, promised with 201; its id. `said` is a text or a whole content."""
    path = f"conversations/{conversation}/messages"
    content = {"type": "text", "text": f"{CANARY} {said}"} if isinstance(said, str) else said
    began = time.time()
    status, shown = trial.product.api("POST", path, content, tenant=tenant)
    sent = {"message": shown["id"], "conversation": conversation} if status == 201 else None
    ms = (time.time() - began) * 1000
    trial.ledger.calls.append(Call("POST", path, status, ms, at=began, sent=sent))
    trial.require(status == 201, f"a send was answered {status}: {shown.get('code')}")
    return str(shown.get("id", ""))


def deliveries(trial: Trial, messages: Iterable[str]) -> dict[str, Json]:
    """The delivery of each message, by the message's id."""
    ids = [ObjectId(id_) for id_ in messages]
    found = trial.product.database["deliveries"].find({"message_id": {"$in": ids}})
    return {str(row["message_id"]): row for row in found}


def came_to(
    trial: Trial, messages: Sequence[str], outcome: str | Callable[[Json], bool], seconds: float
) -> list[str]:
    """Wait until each delivery has the outcome; the messages whose delivery has not."""

    def has(row: Json) -> bool:
        return row["outcome"] == outcome if isinstance(outcome, str) else outcome(row)

    def others() -> list[str]:
        time.sleep(0.2)
        found = deliveries(trial, messages)
        return [id_ for id_ in messages if id_ not in found or not has(found[id_])]

    trial.product.wait_until(lambda: not others(), seconds)
    return others()


def calls_of(trial: Trial, phone: str) -> list[Json]:
    """What the simulator's ledger has of the number's sends, oldest first, with status and code."""
    found: list[Json] = []
    since = trial.first_call
    while True:
        page = trial.product.simulator.read(
            f"requests?since={since}&method=POST&limit=500&phone={phone}"
        )["requests"]
        if not page:
            return found
        page.sort(key=lambda call: call["n"])
        since = page[-1]["n"]
        found += [
            {**call, "message": call["body"]["biz_opaque_callback_data"]}
            for call in page
            if isinstance(call["body"], dict) and "biz_opaque_callback_data" in call["body"]
        ]


def fail_next(trial: Trial, number: Number, count: int = 1, **fault: Any) -> None:
    """The next sends of the number meet this fault of the simulator's."""
    match = {"path": "/messages", "phone": number.phone, **fault.pop("match", {})}
    trial.product.simulator.do("fail-next", count=count, match=match, **fault)


def no_more_faults(trial: Trial) -> None:
    trial.product.simulator.do("fail-next", clear=True)
