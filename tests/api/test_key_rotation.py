"""Rotating a key: two secrets for a while, under one id."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from kernel.clock import now
from tests.api.caller import Caller, code_of
from tests.api.conftest import key_caller
from tests.api.test_keys import SCOPES, change, iso, stored, with_key


def test_both_secrets_open_until_the_overlap_ends_and_then_the_new_one_only(
    world: Any, owner: Caller
) -> None:
    old, key = key_caller(world, SCOPES)
    rotated = owner.post(f"api-keys/{key.pk}/rotate", {"overlap_s": 3600}).json()
    new = with_key(rotated["key"])
    assert (rotated["id"], rotated["scopes"]) == (key.pk, SCOPES)
    for caller in (old, new):
        assert caller.get("me").json()["id"] == key.pk
        assert caller.get("contacts").status_code == 200
    change(world, key, previous_until=now())
    assert code_of(old.get("contacts")) == "invalid_api_key"
    assert new.get("contacts").status_code == 200
    assert owner.get(f"api-keys/{key.pk}").json()["previous_until"] is None


def test_one_rotation_is_open_at_a_time(world: Any, owner: Caller) -> None:
    _, key = key_caller(world, SCOPES)
    first = owner.post(f"api-keys/{key.pk}/rotate").json()
    refused = owner.post(f"api-keys/{key.pk}/rotate")
    assert (refused.status_code, code_of(refused)) == (409, "rotation_open")
    assert refused.json()["until"] == first["previous_until"]
    assert with_key(first["key"]).get("contacts").status_code == 200
    with ThreadPoolExecutor(4) as pool:
        _, other = key_caller(world, SCOPES)
        answers = list(pool.map(lambda _: owner.post(f"api-keys/{other.pk}/rotate"), range(4)))
    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409]


def test_without_an_overlap_the_old_secret_ends_at_once_and_never_outlives_its_own_end(
    world: Any, owner: Caller
) -> None:
    old, key = key_caller(world, SCOPES)
    new = with_key(owner.post(f"api-keys/{key.pk}/rotate", {"overlap_s": 0}).json()["key"])
    assert (old.get("contacts").status_code, new.get("contacts").status_code) == (401, 200)
    soon = now() + timedelta(minutes=5)
    change(world, key, expires_at=soon)
    rotated = owner.post(f"api-keys/{key.pk}/rotate", {"overlap_s": 3600}).json()
    assert rotated["previous_until"][:16] == iso(soon)[:16]
    assert rotated["expires_at"] > rotated["previous_until"]


def test_an_ended_key_is_not_brought_back(world: Any, owner: Caller) -> None:
    for ended in ({"revoked_at": now()}, {"expires_at": now()}):
        _, key = key_caller(world, SCOPES)
        change(world, key, **ended)
        refused = owner.post(f"api-keys/{key.pk}/rotate")
        assert (refused.status_code, code_of(refused)) == (409, "api_key_ended")
        assert stored(world, key).digest == key.digest


def test_a_revocation_ends_both_secrets(world: Any, owner: Caller) -> None:
    old, key = key_caller(world, SCOPES)
    new = with_key(owner.post(f"api-keys/{key.pk}/rotate").json()["key"])
    owner.delete(f"api-keys/{key.pk}")
    assert [c.get("contacts").status_code for c in (old, new)] == [401, 401]
