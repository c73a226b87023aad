"""Callers of the API, and a Meta to talk to."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured

from channels.tests.facebook import Hosts, playing
from kernel.dev.ports import free_ports
from kernel.dev.probes import http_status
from tests import factories
from tests.api.caller import Caller

APP_SECRET = "test-app-secret"


@dataclass
class Meta:
    """A running simulator with one number for each channel that a test may connect."""

    url: str
    numbers: list[dict[str, str]]

    def number(self) -> dict[str, str]:
        """A number that no other test has taken."""
        return self.numbers.pop()


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meta]:
    numbers = [
        {"phone_number_id": factories.digits(15), "waba_id": factories.digits(15),
         "display_phone_number": "+1 555-010-0199", "verified_name": f"Number {n}",
         "access_token": f"EAA{factories.digits(20)}"}
        for n in range(20)
    ]  # fmt: skip
    config = Path(tmp_path_factory.mktemp("meta")) / "meta.json"
    app = {"app_id": configured.META_APP_ID, "app_secret": APP_SECRET}
    config.write_text(json.dumps({**app, "numbers": numbers}))
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "channels.simulator.meta", "--port", str(port),
               "--config", str(config)]  # fmt: skip
    running = subprocess.Popen(command, env=dict(os.environ), stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    until = time.monotonic() + 20
    while http_status(f"{url}/_sim/state") != 200 and time.monotonic() < until:
        time.sleep(0.1)
    yield Meta(url, numbers)
    running.terminate()
    running.wait(10)


@pytest.fixture(autouse=True, scope="session")
def _cheap_passwords(django_test_environment: None) -> Iterator[None]:
    """A password costs half a second of CPU by design; these tests are about something else."""
    from django.test import override_settings

    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture
def quiet() -> None:
    """No lane of an earlier test is due."""
    from kernel.models import Lane

    Lane.objects.all().delete()


@pytest.fixture
def meta(simulator: Meta, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Meta:
    """Channels talk to the simulator."""
    settings.META_GRAPH_URL = simulator.url
    settings.META_APP_SECRET = APP_SECRET
    return simulator


@pytest.fixture
def anonymous() -> Caller:
    return Caller()


def signed_in(user: Any, tenant: Any = None, *, csrf: bool = False) -> Caller:
    """A person with a browser's session."""
    caller = Caller(csrf=csrf, **({"X_Tenant": tenant.slug} if tenant else {}))
    caller.client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return caller


@pytest.fixture
def owner(world: Any) -> Caller:
    """The owner of ``world``, in it."""
    return signed_in(world.user, world.tenant)


def member(world: Any, role: str) -> tuple[Caller, Any]:
    """A new member of ``world`` with ``role``, and the membership."""
    from tenants.services.members import add_member

    user = factories.person()
    with factories.inside(world):
        membership = add_member(email=user.email, role=role)
    return signed_in(user, world.tenant), membership


@pytest.fixture
def as_role(world: Any) -> Callable[[str], Caller]:
    """A caller with a role in ``world``; one for each role and test."""
    made: dict[str, Caller] = {}

    def find(role: str) -> Caller:
        if role not in made:
            made[role] = member(world, role)[0]
        return made[role]

    return find


def key_caller(world: Any, scopes: list[str]) -> tuple[Caller, Any]:
    """A caller by API key, and the key."""
    from tenants.services.api_keys import create_api_key

    with factories.inside(world):
        key, text = create_api_key(name="test", scopes=scopes)
    return Caller(Authorization=f"Bearer {text}"), key


@pytest.fixture
def thread(world: Any) -> Any:
    """A conversation with one message from the customer, whose window is open."""
    with factories.inside(world):
        contact = factories.contact(name="Ana", phone="5511955501001")
        factories.identity(contact, value="5511955501001")
        conversation = factories.conversation(with_=contact)
        factories.message(conversation, seq=1)
        conversation.message_count = 1
        conversation.save(update_fields=["message_count"])
        return conversation


@pytest.fixture
def hosts(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hosts]:
    """Meta's hosts, played; the product is told of them."""
    monkeypatch.setenv("SWITCHBOARD_EGRESS_ALLOW", "127.0.0.1")
    with playing() as server:
        settings.META_GRAPH_URL = f"{server.url}/fb"
        settings.META_INSTAGRAM_URL = f"{server.url}/ig"
        settings.META_INSTAGRAM_CODES_URL = f"{server.url}/codes"
        yield server
