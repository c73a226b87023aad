"""The edge as a provider meets it: what it refuses, what it keeps, and that nothing is parsed before it is proved."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from channels.models import Channel, ChannelCredential
from channels.verification import verify_token_of
from kernel import vault
from kernel.mongo.ids import new_id
from kernel.scoping import tenant_scope
from webhooks.edge.settings import from_environment
from webhooks.models import WebhookDelivery
from webhooks.tests.posting import OLD_SECRET, SECRET, TOKEN, kept, post, run, signed


def test_a_signed_body_is_kept_byte_for_byte_before_the_answer(tmp_path: Path) -> None:
    body = f'{{"escaped": "\\u05d4 \\/ {new_id()}"}}'.encode()
    (answer,) = run(tmp_path, post(body, signed(body)))
    assert (answer.status, answer.body) == (200, b"OK")
    assert kept(body) == 1


def test_both_secrets_hold_while_one_replaces_the_other(tmp_path: Path) -> None:
    body = new_id().encode()
    new, old, other = run(tmp_path, post(body, signed(body)), post(body, signed(body, OLD_SECRET)),
                          post(body, signed(body, b"another")))  # fmt: skip
    assert (new.status, old.status, other.status) == (200, 200, 401)
    assert kept(body) == 2


def _digest(body: bytes) -> bytes:
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest().encode()


BAD_SIGNATURES = {
    "missing": lambda b: (),
    "empty": lambda b: ((b"x-hub-signature-256", b""),),
    "without its prefix": lambda b: ((b"x-hub-signature-256", _digest(b)),),
    "of the old kind": lambda b: ((b"x-hub-signature", b"sha1=" + b"0" * 40),),
    "cut short": lambda b: ((b"x-hub-signature-256", b"sha256=" + _digest(b)[:63]),),
    "in capitals": lambda b: ((b"x-hub-signature-256", b"sha256=" + _digest(b).upper()),),
    "no hex": lambda b: ((b"x-hub-signature-256", b"sha256=" + b"z" * 64),),
    "in full-width digits": lambda b: (
        (b"x-hub-signature-256", ("sha256=" + "\uff10" * 64).encode()),
    ),
    "twice": lambda b: signed(b) + signed(b),
    "of another body": lambda b: signed(b + b" "),
}


@pytest.mark.parametrize("how", BAD_SIGNATURES)
def test_a_signature_that_does_not_prove_the_body_is_refused_and_nothing_kept(
    tmp_path: Path, how: str
) -> None:
    body = b'{"n": "' + new_id().encode() + b'A"}'
    (answer,) = run(tmp_path, post(body, BAD_SIGNATURES[how](body)))
    assert (answer.status, answer.body) == (401, b"")
    assert kept(body) == 0


def test_a_body_over_the_limit_is_refused_however_it_comes(tmp_path: Path) -> None:
    big = b"x" * (1024 * 1024)
    declared = {**post(b"", ()), "headers": ((b"content-length", b"10000000"),)}
    chunked = {**post(b"", ()), "parts": (big,) * 5}
    for answer in run(tmp_path, declared, chunked):
        assert answer.status == 413


def test_a_body_of_three_megabytes_is_taken(tmp_path: Path) -> None:
    body = json.dumps({"n": new_id(), "fill": "x" * 3_000_000}).encode()
    (answer,) = run(tmp_path, post(body, signed(body)))
    assert answer.status == 200
    assert kept(body) == 1


def test_a_body_that_never_ends_is_given_up(tmp_path: Path) -> None:
    endless = {"method": "POST", "path": "/webhooks/meta", "parts": (b"{",), "complete": False}
    (answer,) = run(tmp_path, endless)
    assert answer.status == 408


def test_the_handshake_answers_with_the_challenge_as_plain_text(tmp_path: Path) -> None:
    def ask(query: str) -> dict[str, Any]:
        return {"method": "GET", "path": "/webhooks/meta", "query": query}

    right = f"hub.mode=subscribe&hub.verify_token={TOKEN}&hub.challenge=1158201444"
    answers = run(tmp_path, ask(right), ask(right.replace(TOKEN, "wrong")), ask(""),
                  ask(f"hub.mode=subscribe&hub.verify_token={TOKEN}&hub.challenge=%3Cscript%3E"),
                  ask(f"hub.mode=subscribe&hub.verify_token={TOKEN}&hub.challenge={'1' * 5000}"))  # fmt: skip
    assert (answers[0].status, answers[0].body) == (200, b"1158201444")
    assert [(a.status, a.body) for a in answers[1:]] == [(403, b"")] * 4


def test_a_tenants_own_app_is_verified_with_its_own_secret(tmp_path: Path, world: Any) -> None:
    with tenant_scope(world.tenant):
        channel = Channel.objects.create(kind="whatsapp", name="own app", status=Channel.ACTIVE)
        row = ChannelCredential(channel=channel)
        row.access_token = vault.seal_field(row, "access_token", "EAA")
        row.app_secret = vault.seal_field(row, "app_secret", "own-secret")
        row.save(force_insert=True)
    body, path = new_id().encode(), f"/webhooks/channels/{channel.pk}"
    own, ours, unknown = run(tmp_path, post(body, signed(body, b"own-secret"), path),
                             post(body, signed(body), path),
                             post(body, signed(body), f"/webhooks/channels/{new_id()}"))  # fmt: skip
    assert (own.status, ours.status, unknown.status) == (200, 401, 401)
    assert WebhookDelivery.objects.filter(source=f"channel:{channel.pk}").count() == 1


def test_a_channels_own_address_has_a_verify_token_of_its_own(tmp_path: Path) -> None:
    def ask(channel_id: str, token: str) -> dict[str, Any]:
        query = f"hub.mode=subscribe&hub.verify_token={token}&hub.challenge=42"
        return {"method": "GET", "path": f"/webhooks/channels/{channel_id}", "query": query}

    one, other = new_id(), new_id()
    right, foreign, ours = run(tmp_path, ask(one, verify_token_of(one, TOKEN)),
                               ask(other, verify_token_of(one, TOKEN)), ask(one, TOKEN))  # fmt: skip
    assert (right.status, right.body) == (200, b"42")
    assert (foreign.status, ours.status) == (403, 403)


def test_a_webhook_may_be_signed_by_either_of_the_installations_apps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = {"META_APP_SECRET": "new,old", "META_INSTAGRAM_APP_SECRET": "instagram",
             "MONGODB_URI": "-", "REDIS_URL": "-"}  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert from_environment().app_secrets == (b"new", b"old", b"instagram")
    monkeypatch.setenv("META_INSTAGRAM_APP_SECRET", "-")
    assert from_environment().app_secrets == (b"new", b"old")
