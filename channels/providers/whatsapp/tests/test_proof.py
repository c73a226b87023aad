"""The app's secret changes while calls go on: no channel breaks, and what can be sent is sent."""

import hashlib
import hmac
from collections.abc import Iterator

import pytest

from channels.providers.contract import Accepted, ChannelBroken, Credentials, Endpoint, Transient
from channels.providers.meta import proof
from channels.providers.whatsapp.client import WhatsAppClient
from channels.providers.whatsapp.tests.conftest import EXTERNAL, TOKEN, Meta

SENT = {"messages": [{"id": "wamid.1"}]}
WRONG = {"error": {"code": 100, "message": "Invalid appsecret_proof provided in the API argument"}}
SIGNATURE = {"error": {"code": 104, "message": "Incorrect signature"}}


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    proof._working.clear()


def client(meta: Meta, *secrets: str, is_app_shared: bool = True) -> WhatsAppClient:
    credentials = Credentials(access_token=TOKEN, app_secret=secrets[0], further_secrets=secrets[1:],
                              is_app_shared=is_app_shared)  # fmt: skip
    return WhatsAppClient(EXTERNAL, credentials, Endpoint(base_url=meta.base_url, version="v26.0"))


def proofs(meta: Meta) -> list[str]:
    return [request["query"]["appsecret_proof"] for request in meta.requests]


def made_with(*secrets: str) -> list[str]:
    return [hmac.new(s.encode(), TOKEN.encode(), hashlib.sha256).hexdigest() for s in secrets]


@pytest.mark.parametrize("refusal", [WRONG, SIGNATURE])
def test_a_refused_proof_is_made_anew_with_the_next_secret_which_is_remembered(
    meta: Meta, refusal: object
) -> None:
    meta.answer(refusal, 400)
    meta.answer(SENT)
    meta.answer(SENT)
    assert isinstance(client(meta, "new", "old").send({}), Accepted)
    assert isinstance(client(meta, "new", "old").send({}), Accepted)
    assert proofs(meta) == made_with("new", "old", "old")
    meta.answer(refusal, 400)
    meta.answer(SENT)
    meta.answer(SENT)
    assert isinstance(client(meta, "new", "old").send({}), Accepted), (
        "Meta went over to the new one"
    )
    assert isinstance(client(meta, "new", "old").send({}), Accepted)
    assert proofs(meta)[3:] == made_with("old", "new", "new")


@pytest.mark.parametrize("secrets", [("new",), ("new", "old")])
def test_while_no_secret_of_our_app_is_taken_the_send_is_tried_again_later(
    meta: Meta, secrets: tuple[str, ...]
) -> None:
    for _ in secrets:
        meta.answer(WRONG, 400)
    outcome = client(meta, *secrets).send({})
    assert isinstance(outcome, Transient)
    assert outcome.max_tries is None
    assert proofs(meta) == made_with(*secrets)


def test_a_secret_of_the_channels_own_breaks_it(meta: Meta) -> None:
    meta.answer(WRONG, 400)
    assert isinstance(client(meta, "own", is_app_shared=False).send({}), ChannelBroken)


def test_other_refusals_are_asked_once(meta: Meta) -> None:
    meta.answer({"error": {"code": 100, "message": "Invalid parameter"}}, 400)
    client(meta, "new", "old").send({})
    assert proofs(meta) == made_with("new")
