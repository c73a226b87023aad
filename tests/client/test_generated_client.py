"""The schema is good enough for a generator: its client signs in, connects a channel and sends."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
import requests
from django.core.wsgi import get_wsgi_application
from django.test import Client

from kernel.work.drain import drain
from messaging.models import Delivery
from tests import factories
from tests.api import contract
from tests.api.conftest import Meta

PACKAGE, SIGN_IN = "switchboard_client", "switchboard_sign_in"
CUSTOMER = "972501234567"
BASE = "http://testserver"


@pytest.fixture(scope="module")
def client_package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of what is generated from the API's schema; importable, as what signs in is."""
    folder = tmp_path_factory.mktemp("generated")
    generate(folder, PACKAGE, contract.schema())
    generate(folder, SIGN_IN, Client().get("/_allauth/openapi.json").json())
    sys.path.insert(0, str(folder))
    yield folder / PACKAGE
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] in (PACKAGE, SIGN_IN)]:
        del sys.modules[name]


def generate(folder: Path, package: str, schema: Any) -> None:
    """The generator has nothing to complain of."""
    (folder / f"{package}.json").write_text(json.dumps(schema))
    # The generator formats its work with ruff, if that is on the path.
    here = Path(sys.executable).parent
    ran = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--path", f"{package}.json",
         "--meta", "none", "--output-path", package, "--fail-on-warning"],
        cwd=folder, env={**os.environ, "PATH": f"{here}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr


def part(name: str, *, of: str = PACKAGE) -> ModuleType:
    return importlib.import_module(f"{of}.{name}")


def client(token: str, **more: Any) -> Any:
    """A client of the generated package that reaches our application in this process."""
    transport = httpx.WSGITransport(app=get_wsgi_application())
    kind = part("client").AuthenticatedClient
    return kind(base_url=BASE, token=token, raise_on_unexpected_status=True,
                httpx_args={"transport": transport}, **more)  # fmt: skip


def signed_in(world: Any) -> Any:
    """As an app signs in: a password for a session's token, which the client then sends."""
    transport = httpx.WSGITransport(app=get_wsgi_application())
    stranger = part("client", of=SIGN_IN).Client(base_url=BASE, httpx_args={"transport": transport})
    logins = part("api.authentication_account.post_allauth_client_v1_auth_login", of=SIGN_IN)
    app = part("models", of=SIGN_IN).PostAllauthClientV1AuthLoginClient.APP
    asked = part("models", of=SIGN_IN).Login.from_dict(
        {"email": world.user.email, "password": "correct horse battery"}
    )
    answer = logins.sync(app, client=stranger, body=asked)
    token = answer.meta.session_token
    return client(token, prefix="", auth_header_name="X-Session-Token",
                  headers={"X-Tenant": world.tenant.slug})  # fmt: skip


def test_the_client_has_a_function_for_every_operation(client_package: Path) -> None:
    made = {path.stem for path in client_package.glob("api/*/*.py")} - {"__init__"}
    assert made == {operation["operationId"] for _, _, operation in contract.operations()}


def test_a_generated_client_signs_in_connects_a_channel_and_sends(
    client_package: Path, world: Any, meta: Meta, quiet: None
) -> None:
    person, models, number = signed_in(world), part("models"), meta.number()
    assert part("api.me.me_get").sync(client=person).role == "owner"
    wanted = models.NewApiKeyRequest.from_dict({
        "name": "generated", "scopes": ["channels:read", "channels:manage", "messages:send",
                                        "channels:credentials", "conversations:read_all"]})  # fmt: skip
    made = part("api.api_keys.api_keys_create").sync(client=person, body=wanted)
    machine = client(made.key)

    fields = {name: number[name] for name in ("phone_number_id", "waba_id", "access_token")}
    asked = models.NewChannelRequest.from_dict({"kind": "whatsapp", **fields})
    channel = part("api.channels.channels_connect").sync(client=machine, body=asked)
    assert channel.status.value == "active"

    conversation = customer_writes(world, meta, channel.id, number)
    text = models.NewMessageRequest.from_dict({"type": "text", "text": "From a generated client"})
    send = part("api.conversations.messages_send")
    sent = send.sync(conversation.pk, client=machine, body=text, idempotency_key="once")
    assert send.sync(conversation.pk, client=machine, body=text, idempotency_key="once") == sent
    drain("send", seconds=10)
    with factories.inside(world):
        assert Delivery.objects.get(message_id=sent.id).state == "done"
    asked_of_meta = requests.get(
        f"{meta.url}/_sim/requests", timeout=10,
        params={"path": f"{number['phone_number_id']}/messages", "method": "POST"},
    ).json()["requests"]  # fmt: skip
    assert "From a generated client" in json.dumps(asked_of_meta)
    read = part("api.messages.messages_get").sync(sent.id, client=machine)
    assert (read.text, read.attempts[0].outcome) == ("From a generated client", "accepted")
    refused = part("api.messages.messages_get").sync("0" * 24, client=machine)
    assert (type(refused), refused.code) == (models.Problem, "message_not_found")


def customer_writes(world: Any, meta: Meta, channel_id: str, number: dict[str, str]) -> Any:
    """The customer's message, as the provider and as we have it."""
    from channels.models import Channel

    injected = requests.post(
        f"{meta.url}/_sim/inject", timeout=10,
        json={"phone_number_id": number["phone_number_id"], "from": CUSTOMER, "text": "hi"},
    )  # fmt: skip
    assert injected.status_code == 200, injected.text
    with factories.inside(world):
        contact = factories.contact(phone=CUSTOMER)
        factories.identity(contact, value=CUSTOMER)
        return factories.conversation(on=Channel.objects.get(pk=channel_id), with_=contact)
