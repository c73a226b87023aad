"""Schema-valid and schema-breaking requests to every operation, and chains of them: no crash, no surprise."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client

from tests import factories
from tests.api import contract
from tests.api.conftest import Meta
from tests.fuzz.running import ALONE, CHAINED, Run, fuzz
from tests.probes.conftest import FAST
from tests.probes.populated import LEAST, populate, secrets_of

# `make fuzz EXAMPLES=2000` asks for more of it; the suite has a minute.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "3"))
SECONDS = int(os.environ.get("FUZZ_SECONDS", "25" if EXAMPLES < 10 else str(12 * 3600)))
SEED = int(os.environ.get("FUZZ_SEED", "20260314"))


@dataclass(frozen=True)
class Signed:
    """The token of an app's session, the tenant's slug, and what no answer may show."""

    token: str
    slug: str
    secrets: frozenset[str] = field(repr=False)


@pytest.fixture
def app_session(settings: Any, tmp_path: Path, meta: Meta) -> Signed:
    """An owner's app, signed in to a populated tenant."""
    for name, value in FAST.items():
        if name != "META_GRAPH_URL":
            setattr(settings, name, value)
    settings.MEDIA_ROOT = tmp_path
    number = meta.number()

    def channel() -> Any:
        made = factories.channel(phone_number_id=number["phone_number_id"],
                                 token=number["access_token"])  # fmt: skip
        made.external["waba_id"] = number["waba_id"]
        made.save(update_fields=["external"])
        return made

    side = populate(channel=channel)
    world = side.world
    password = factories.digits(20)
    world.user.set_password(password)
    world.user.save(update_fields=["password"])
    answer = Client().post("/_allauth/app/v1/auth/login", content_type="application/json",
                           data={"email": world.user.email, "password": password})  # fmt: skip
    token = answer.json()["meta"]["session_token"]
    ours = secrets_of(side) | installations_secrets() | {number["access_token"], password}
    return Signed(token, world.tenant.slug, ours - {token})


def installations_secrets() -> frozenset[str]:
    """What the installation keeps for itself: keys of its own, and those that providers know it by."""
    given = {configured.SECRET_KEY, configured.KEY_PEPPER, configured.META_APP_SECRET,
             configured.META_VERIFY_TOKEN, configured.META_INSTAGRAM_APP_SECRET,
             configured.HEADLESS_JWT_PRIVATE_KEY}  # fmt: skip
    ring = {entry.partition(":")[2] for entry in configured.KEY_RING.split(",")}
    found = frozenset(given | ring)
    assert len(found) >= 7 and min(map(len, found)) >= LEAST
    return found


def test_no_request_crashes_an_operation_or_gets_an_undocumented_answer(
    app_session: Signed, figure: Callable[[str], None]
) -> None:
    run = fuzz(app_session.token, app_session.slug, phases=ALONE, examples=EXAMPLES,
               seconds=SECONDS, seed=SEED, needles=app_session.secrets)  # fmt: skip
    sound(run)
    named = {
        f"{method.upper()} {path}": operation for method, path, operation in contract.operations()
    }
    assert named.keys() <= run.reached
    # For who asks here there is no tenant but their own.
    others = {name for name, operation in named.items() if "superuser" in operation["description"]}
    # How many depends on the machine: the time is bounded.
    assert len(run.answered) > len(named.keys() - others) * 0.4
    figure(f"schemathesis: {len(run.reached)} operations, {run.requests.total()} requests "
           f"{dict(run.requests)}, {len(run.answered)} with a good answer, 0 server errors, "
           f"0 of {len(app_session.secrets)} secrets shown, seed {SEED}")  # fmt: skip


def test_no_chain_of_requests_does_either(
    app_session: Signed, figure: Callable[[str], None]
) -> None:
    run = fuzz(app_session.token, app_session.slug, phases=CHAINED, examples=EXAMPLES * 10,
               seconds=SECONDS, seed=SEED, needles=app_session.secrets)  # fmt: skip
    sound(run)
    assert run.transitions > 100
    assert run.requests.total() > 20
    figure(f"schemathesis, chains: {run.transitions} links, {run.requests.total()} requests to "
           f"{len(run.reached)} operations, 0 server errors, seed {SEED}")  # fmt: skip


def test_a_secret_that_an_answer_shows_is_found() -> None:
    run = Run(needles=frozenset({"told-to-nobody"}))
    run._search("GET /here", SimpleNamespace(status_code=200, headers={}, content=b"told-to-all"))
    assert run.shown == []
    for headers, content in (({}, b'{"a": "told-to-nobody"}'), ({"x": ["told-to-nobody"]}, b"")):
        run._search("GET /here", SimpleNamespace(status_code=200, headers=headers, content=content))
    assert run.shown == ["GET /here: 200 shows 1 secrets"] * 2


@pytest.mark.parametrize("path", ["/metrics", "/api/schema/", "/api/docs/", "/ready", "/admin/login/",
                                  "/_allauth/app/v1/config", "/health/canaries"])  # fmt: skip
def test_no_page_beside_the_api_shows_a_secret(path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 200
    text = answer.content.decode() + repr(answer.headers)
    assert sum(secret in text for secret in installations_secrets()) == 0


def sound(run: Run) -> None:
    """Nothing crashed, and nothing was answered that the schema does not describe."""
    told = "\n\n".join(f"{name}\n{text}" for name, text in sorted(run.failures.items()))
    assert not run.failures, f"{len(run.failures)} failures, seed {SEED}\n{told}"
    assert run.errors == []
    assert run.shown == []
    assert {status for status in run.statuses if status >= 500} <= {503}
