"""Schema-valid and schema-breaking requests to every operation, and chains of them: no crash, no surprise."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests import factories
from tests.api import contract
from tests.api.conftest import Meta
from tests.fuzz.running import ALONE, CHAINED, Run, fuzz
from tests.probes.conftest import FAST
from tests.probes.populated import populate

# `make fuzz EXAMPLES=2000` asks for more of it; the suite has a minute.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "3"))
SECONDS = int(os.environ.get("FUZZ_SECONDS", "25" if EXAMPLES < 10 else str(12 * 3600)))
SEED = int(os.environ.get("FUZZ_SEED", "20260314"))


@pytest.fixture
def app_session(settings: Any, tmp_path: Path, meta: Meta) -> tuple[str, str]:
    """An owner's app, signed in: its session's token, and the tenant's slug."""
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

    world = populate(channel=channel).world
    password = factories.digits(20)
    world.user.set_password(password)
    world.user.save(update_fields=["password"])
    answer = Client().post("/_allauth/app/v1/auth/login", content_type="application/json",
                           data={"email": world.user.email, "password": password})  # fmt: skip
    return answer.json()["meta"]["session_token"], world.tenant.slug


def test_no_request_crashes_an_operation_or_gets_an_undocumented_answer(
    app_session: tuple[str, str], figure: Callable[[str], None]
) -> None:
    run = fuzz(*app_session, phases=ALONE, examples=EXAMPLES, seconds=SECONDS, seed=SEED)
    sound(run)
    operations = {f"{method.upper()} {path}" for method, path, _ in contract.operations()}
    assert operations <= run.reached
    assert len(run.answered) > len(operations) / 2
    figure(f"schemathesis: {len(run.reached)} operations, {run.requests.total()} requests "
           f"{dict(run.requests)}, {len(run.answered)} with a good answer, 0 server errors, "
           f"seed {SEED}")  # fmt: skip


def test_no_chain_of_requests_does_either(
    app_session: tuple[str, str], figure: Callable[[str], None]
) -> None:
    run = fuzz(*app_session, phases=CHAINED, examples=EXAMPLES * 10, seconds=SECONDS, seed=SEED)
    sound(run)
    assert run.transitions > 100
    assert run.requests.total() > 20
    figure(f"schemathesis, chains: {run.transitions} links, {run.requests.total()} requests to "
           f"{len(run.reached)} operations, 0 server errors, seed {SEED}")  # fmt: skip


def sound(run: Run) -> None:
    """Nothing crashed, and nothing was answered that the schema does not describe."""
    told = "\n\n".join(f"{name}\n{text}" for name, text in sorted(run.failures.items()))
    assert not run.failures, f"{len(run.failures)} failures, seed {SEED}\n{told}"
    assert run.errors == []
    assert {status for status in run.statuses if status >= 500} <= {503}
