"""How often one may ask: told on each answer, refused with the time to wait."""

from typing import Any

from tests import factories
from tests.api.caller import Caller, code_of
from tests.api.conftest import key_caller


def test_each_answer_tells_what_is_left(owner: Caller) -> None:
    first, second = owner.get("me"), owner.get("me")
    assert int(first["RateLimit-Limit"]) == 5000
    assert int(second["RateLimit-Remaining"]) <= int(first["RateLimit-Limit"]) - 1
    assert int(second["RateLimit-Reset"]) >= 0


def test_a_key_that_asks_too_often_waits_and_others_do_not(
    world: Any, owner: Caller, settings: Any
) -> None:
    settings.RATE_PRINCIPAL = 1  # a burst of ten
    machine, _ = key_caller(world, ["contacts:read"])
    answers = [machine.get("contacts") for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert 1 <= len(refused) <= 2
    assert code_of(refused[-1]) == "rate_limited"
    assert int(refused[-1]["Retry-After"]) >= 1
    assert refused[-1]["RateLimit-Remaining"] == "0"
    assert owner.get("contacts").status_code == 200


def test_a_tenants_keys_share_its_limit(world: Any, new_tenant: Any, settings: Any) -> None:
    settings.RATE_TENANT = 1
    callers = [key_caller(world, ["contacts:read"])[0] for _ in range(2)]
    statuses = [callers[n % 2].get("contacts").status_code for n in range(14)]
    assert 429 in statuses
    other, _ = key_caller(new_tenant(), ["contacts:read"])
    assert other.get("contacts").status_code == 200


def test_an_address_that_guesses_keys_waits(settings: Any) -> None:
    settings.RATE_ADDRESS = 1
    settings.TRUSTED_PROXIES = 1
    number = factories.digits(3)
    address = {"X-Forwarded-For": f"198.51.{number[0]}.{number[1:]}"}
    guesser = Caller(Authorization="Bearer sb_live_guess")
    statuses = [guesser.get("me", address).status_code for _ in range(13)]
    assert statuses.count(401) in (10, 11)
    assert statuses[-1] == 429
    assert guesser.get("me", {"X-Forwarded-For": "198.51.100.77"}).status_code == 401
