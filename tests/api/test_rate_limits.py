"""Rate limits hold for everyone at once: two processes, forged addresses, classes of operations, and without Redis."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.counters import MOST_WAITING, in_turn
from config.api import limits
from kernel.ratelimit import Bucket, Limiter, connect
from kernel.scoping.keys import tenant_key
from tenants.access import acting_as_system
from tenants.errors import InvalidFields
from tenants.services.limits import set_limits
from tests import factories
from tests.api.caller import Caller, code_of
from tests.api.conftest import key_caller, signed_in

# What one web process does: 100 requests at once to one bucket, and how many it let through.
PROCESS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from kernel.ratelimit import Bucket, Limiter, connect
url, key, processes = sys.argv[1], sys.argv[2], int(sys.argv[3])
limiter = Limiter(connect(url), processes=processes)
take = lambda _: limiter.take_all([(key, Bucket(capacity=60, per_second=0.01))])[0].allowed
sys.stdin.readline()
with ThreadPoolExecutor(25) as pool:
    print(sum(pool.map(take, range(100))))
"""
# A burst of two, and a token in five seconds: a slow machine refills nothing meanwhile.
SLOW = 0.2
NOBODY = "redis://127.0.0.1:9/0"


def _two_processes(url: str, key: str) -> int:
    """Both begin at the same moment; how many requests they let through together."""
    command = [sys.executable, "-c", PROCESS, url, key, "2"]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return sum(int(process.communicate(timeout=60)[0].splitlines()[-1]) for process in running)


def test_of_two_hundred_at_once_over_two_processes_exactly_the_bucket_gets_through() -> None:
    assert _two_processes(configured.REDIS_URL, f"test:two:{factories.digits()}") == 60


def test_without_redis_two_processes_together_give_no_more_than_the_bucket() -> None:
    assert _two_processes(NOBODY, "test:away") == 60


@pytest.fixture
def proxied(settings: Any) -> Any:
    settings.TRUSTED_PROXIES = 1
    return settings


def _from(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def _own_address() -> str:
    number = factories.digits(3)
    return f"198.51.{number[0]}.{number[1:]}"


def test_a_forged_forwarded_address_gives_no_new_bucket(proxied: Any) -> None:
    proxied.RATE_ADDRESS = SLOW
    guesser, own = Caller(Authorization="Bearer sb_live_guess"), _own_address()
    statuses = [guesser.get("me", _from(f"203.0.113.{n}, {own}")).status_code for n in range(14)]
    assert (statuses[0], statuses[-1]) == (401, 429)


def test_an_address_from_which_many_people_come_has_a_bucket_too(
    world: Any, new_tenant: Any, proxied: Any
) -> None:
    proxied.RATE_KNOWN_ADDRESS = SLOW
    first, second = (key_caller(one, ["tenant:read"])[0] for one in (world, new_tenant()))
    own = _own_address()
    statuses = [(first, second)[n % 2].get("tenant", _from(own)).status_code for n in range(14)]
    assert (statuses[0], statuses[-1]) == (200, 429)
    assert first.get("tenant", _from(_own_address())).status_code == 200


def test_a_person_has_one_bucket_in_all_their_tenants(world: Any, settings: Any) -> None:
    from tenants.services.tenant import create_tenant

    second = create_tenant(maker=world.user, name="B", slug=f"b-{factories.digits()}")
    settings.RATE_USER = SLOW
    callers = [signed_in(world.user, tenant) for tenant in (world.tenant, second)]
    statuses = [callers[n % 2].get("me").status_code for n in range(14)]
    assert (statuses[0], statuses[-1]) == (200, 429)


def test_what_is_costly_has_a_smaller_bucket_than_what_changes_and_reads_are_free_of_both(
    world: Any, owner: Caller, settings: Any
) -> None:
    settings.RATE_COSTLY, settings.RATE_CHANGES = SLOW, 2 * SLOW
    body = {"email": "not an address", "role": "agent"}
    answers = [owner.post("invitations", body) for _ in range(6)]
    assert code_of(answers[-1]) == "rate_limited"
    assert int(answers[-1]["Retry-After"]) >= 1
    assert answers[-1]["RateLimit-Remaining"] == "0"
    changes = [owner.patch("tenant", {"name": "N"}).status_code for _ in range(8)]
    assert changes[0] == 200 and changes[-1] == 429
    assert {owner.get("tenant").status_code for _ in range(20)} == {200}


def test_staff_give_a_tenant_a_rate_of_its_own(world: Any, new_tenant: Any) -> None:
    with factories.inside(world), acting_as_system():
        set_limits(tenant=world.tenant, changes={"api_requests_per_second": 1}, reason="abuse")
    machine, _ = key_caller(world, ["tenant:read"])
    statuses = [machine.get("tenant").status_code for _ in range(13)]
    assert statuses[0] == 200 and statuses[-1] == 429
    assert key_caller(new_tenant(), ["tenant:read"])[0].get("tenant").status_code == 200


def test_with_redis_away_the_api_is_bounded_by_the_process_and_goes_on(
    world: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATE_PRINCIPAL = 2 * SLOW
    away = Limiter(connect(NOBODY), processes=2)
    monkeypatch.setattr(limits, "limiter", lambda: away)
    machine, _ = key_caller(world, ["tenant:read"])
    statuses = [machine.get("tenant").status_code for _ in range(8)]
    assert statuses[:2] == [200, 200] and statuses[-1] == 429


def test_a_refused_request_takes_from_no_bucket(world: Any, settings: Any) -> None:
    settings.RATE_PRINCIPAL = SLOW
    machine, _ = key_caller(world, ["tenant:read"])
    statuses = [machine.get("tenant").status_code for _ in range(30)]
    taken = statuses.count(200)
    assert taken < 30
    with factories.inside(world):
        shared = tenant_key("rate", "api")
    left = limits.limiter().take_all([(shared, Bucket(10_000, 1_000, 0))])[0].remaining
    assert left >= 10_000 - taken


def test_without_a_limit_of_its_own_kind_a_tenant_has_no_bucket(
    world: Any, owner: Caller, settings: Any
) -> None:
    settings.RATE_TENANT = SLOW
    with factories.inside(world), acting_as_system():
        set_limits(tenant=world.tenant, changes={"api_requests_per_second": None}, reason="plan")
    assert {owner.get("me").status_code for _ in range(6)} == {200}
    with factories.inside(world), acting_as_system(), pytest.raises(InvalidFields):
        set_limits(tenant=world.tenant, changes={"api_requests_per_second": 0}, reason="plan")
    told = {one["name"]: one["limit"] for one in owner.get("tenant/limits").json()["results"]}
    assert told["api_requests_per_second"] is None


def _limited(answers: list[Any]) -> None:
    assert (answers[0].status_code < 429, answers[-1].status_code) == (True, 429)
    assert answers[-1].json()["code"] == "rate_limited"
    assert int(answers[-1]["Retry-After"]) >= 1


def test_everything_that_signs_in_takes_from_the_bucket_of_its_address(proxied: Any) -> None:
    proxied.RATE_ADDRESS = SLOW
    client, own = Client(), _own_address()
    answers = [client.get("/_allauth/app/v1/auth/session", headers=_from(own)) for _ in range(4)]
    _limited(answers)
    assert answers[-1]["RateLimit-Remaining"] == "0"
    assert client.get("/_allauth/app/v1/config", headers=_from(_own_address())).status_code == 200


def test_sessions_of_nobody_are_not_made_without_end(proxied: Any) -> None:
    proxied.RATE_ADDRESS = 3 * SLOW
    own, before = _own_address(), Session.objects.count()
    path = "/_allauth/app/v1/auth/webauthn/login"
    _limited([Client().get(path, headers=_from(own)) for _ in range(8)])
    assert Session.objects.count() - before <= 1


def test_readiness_is_asked_only_so_often(proxied: Any) -> None:
    proxied.RATE_ADDRESS = SLOW
    own = _own_address()
    _limited([Client().get("/ready", headers=_from(own)) for _ in range(4)])


def test_what_leaves_a_long_file_is_costly(world: Any, owner: Caller, settings: Any) -> None:
    settings.RATE_COSTLY = SLOW
    answers = [owner.get("audit-log/export") for _ in range(4)]
    assert (answers[0].status_code, code_of(answers[-1])) == (200, "rate_limited")


def test_nobody_waits_for_a_session_that_is_not_there() -> None:
    with in_turn("session", "made-up"):
        started = time.monotonic()
        for path, given in (
            ("/_allauth/browser/v1/account/email", {"Cookie": "sessionid=made-up"}),
            ("/_allauth/app/v1/account/email", {"X-Session-Token": "made-up"}),
        ):
            assert Client().get(path, headers=given).status_code in (401, 410)
        assert time.monotonic() - started < 1.5


def test_those_who_wait_for_a_turn_leave_threads_to_others(owner: Caller) -> None:
    key = owner.client.session.session_key
    paths = ["/_allauth/browser/v1/account/email"] * 4

    def ask(path: str) -> tuple[int, float]:
        client, started = Client(), time.monotonic()
        client.cookies["sessionid"] = key
        return client.get(path).status_code, time.monotonic() - started

    with in_turn("session", key), ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, paths))
    assert [status for status, _ in answers] == [429] * 4
    at_once = [seconds for _, seconds in answers if seconds < 2]
    assert len(at_once) == 4 - MOST_WAITING
