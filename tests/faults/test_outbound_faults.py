"""Sends while the worker dies around the call: never silently twice, and in order."""

import time

import pytest

from tests.faults.conftest import Product
from tests.faults.ledger import wait_until

pytestmark = pytest.mark.stack


def open_conversation(product: Product, sender: str) -> str:
    """A customer writes from their telephone; returns the conversation that appears."""
    number = product.demo["tenants"][0]["channels"][0]["phone_number_id"]
    body = {"phone_number_id": number, "from": sender, "type": "text", "text": {"body": "hello"}}
    external_id = product.simulator("POST", "inject", body)["id"]

    def arrived() -> bool:
        return product.database["messages"].find_one({"external_id": external_id}) is not None

    wait_until(arrived, 30, "the customer's message")
    row = product.database["messages"].find_one({"external_id": external_id})
    return str(row["conversation_id"])


def send(product: Product, conversation: str, text: str) -> str:
    body = {"type": "text", "text": text}
    return product.api("POST", f"conversations/{conversation}/messages", body)["id"]


def calls_for(product: Product, message_ids: list[str]) -> list[str]:
    """Which of our messages the provider was asked to send, in the order of its own ledger."""
    requests = product.simulator("GET", "requests")["requests"]
    asked = [
        r["body"].get("biz_opaque_callback_data") for r in requests if isinstance(r["body"], dict)
    ]
    return [id_ for id_ in asked if id_ in set(message_ids)]


def status(product: Product, message_id: str) -> str:
    return product.api("GET", f"messages/{message_id}")["status"]


def test_a_worker_killed_during_the_call_never_sends_twice(product: Product) -> None:
    conversation = open_conversation(product, "972509999001")
    product.simulator("POST", "fail-next", {"count": 1, "timeout": 15})
    ids = [send(product, conversation, f"reply {n}") for n in range(1, 6)]
    wait_until(
        lambda: calls_for(product, ids) == ids[:1] or _began(product, ids[0]), 20, "the call"
    )
    product.stack.kill("worker-outbound")
    time.sleep(0.5)
    product.stack.start("worker-outbound")
    wait_until(
        lambda: status(product, ids[-1]) in ("sent", "delivered", "read"), 60, "the last reply"
    )
    calls = calls_for(product, ids)
    assert len(calls) == len(set(calls)), "a message was sent twice"
    assert [id_ for id_ in calls if id_ in ids[1:]] == ids[1:], "the replies left out of order"
    assert status(product, ids[0]) in ("unknown", "sent", "delivered", "read")


def _began(product: Product, message_id: str) -> bool:
    from bson import ObjectId

    row = product.database["deliveries"].find_one({"message_id": ObjectId(message_id)})
    return bool(row and row["tries"])


def test_an_answer_that_is_lost_is_settled_by_the_status_webhook(product: Product) -> None:
    conversation = open_conversation(product, "972509999002")
    product.simulator("POST", "fail-next", {"count": 1, "reset_after": True})
    id_ = send(product, conversation, "did you get this?")
    wait_until(lambda: status(product, id_) in ("sent", "delivered", "read"), 60, "the status")
    assert calls_for(product, [id_]) == [id_]
