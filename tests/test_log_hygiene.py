"""What customers wrote, who they are and what opens accounts is in no log line, whatever goes wrong."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from celery import shared_task
from django.test import Client

from kernel.clock import now
from kernel.logging import configure
from kernel.models import Lane
from kernel.scoping.context import outside_scope
from kernel.work import mark
from kernel.work.drain import drain
from kernel.work.items import lane_key
from tests import factories
from tests.api.conftest import key_caller
from tests.api.test_shapes import webhook_event

PHONE, EMAIL, TEXT = (
    "5511987650173",
    "canary.person@example.test",
    "Canary words of a customer quixotry",
)
TOKEN, PASSWORD, COOKIE = (
    "EAACanaryTokenquixotryabcdef",
    "canary-Passw0rd-quixotry",
    "canarycookiequixotryvalue",
)
CANARIES = (PHONE, EMAIL, TEXT, TOKEN, PASSWORD, COOKIE, "quixotry")
FORGED = '2026-01-01 {"event":"person.signed_in","level":"info"}'


class Output(io.StringIO):
    @property
    def lines(self) -> list[str]:
        return self.getvalue().split("\n")[:-1]


@pytest.fixture
def output(settings: Any) -> Iterator[Output]:
    """A production's logging, into memory."""
    root, known = logging.getLogger(), structlog.get_config()
    handlers, level = list(root.handlers), root.level
    settings.ENVIRONMENT = "production"
    stream = Output()
    configure(json=True, level="INFO", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**known)


def assert_clean(output: Output, *, least: int = 1) -> None:
    """Every line is one event, and none has a canary."""
    lines = output.lines
    assert len(lines) >= least
    for line in lines:
        event = json.loads(line)
        assert isinstance(event["event"], str), line
    hits = [(canary, line) for line in lines for canary in CANARIES if canary in line]
    assert hits == []


def test_credentials_of_requests(output: Output, world: Any) -> None:
    machine, _ = key_caller(world, ["contacts:read"])
    bearer = machine.headers["Authorization"]
    client = Client()
    client.cookies["sessionid"] = COOKIE
    for password in (PASSWORD, "short"):
        client.post("/_allauth/app/v1/auth/login", {"email": EMAIL, "password": password},
                    content_type="application/json")  # fmt: skip
    client.get("/api/v1/contacts", {"phone": f"+{PHONE}"}, headers={"Authorization": bearer})
    client.get("/api/v1/contacts", headers={"Authorization": f"Bearer {TOKEN}"})
    client.get(f"/api/v1/media/content/{TOKEN}{'x' * 60}")
    client.post("/admin/login/", {"username": EMAIL, "password": PASSWORD})
    assert_clean(output, least=6)
    assert bearer.split("_")[-1] not in output.getvalue()


def test_an_exception_with_everything_in_it(output: Output, world: Any, monkeypatch: Any) -> None:
    machine, _ = key_caller(world, ["contacts:read"])

    def fails(*args: Any, **kwargs: Any) -> None:
        secret = {"password": PASSWORD, "text": TEXT}
        raise RuntimeError(
            f"+{PHONE} {EMAIL} token={TOKEN} cookie={COOKIE} password={secret['password']}"
        )

    monkeypatch.setattr("crm.api.views.list_contacts", fails)
    assert machine.client.get("/api/v1/contacts", headers=machine.headers).status_code == 500
    assert "request.failed" in output.getvalue()
    assert "RuntimeError" in output.getvalue()
    assert_clean(output)


def test_a_message_that_cannot_be_taken_in(output: Output, world: Any) -> None:
    Lane.objects.all().delete()
    with factories.inside(world):
        talk = factories.conversation()
    body = {"from": PHONE, "text": {"body": TEXT}, "token": TOKEN, "id": None}
    webhook_event(world, talk.channel, body=body, field="messages")
    with factories.inside(world):
        mark("ingest", lane_key("7"))
    with outside_scope():
        for _ in range(6):
            Lane.objects.filter(kind="ingest").update(due_at=now())
            drain("ingest", seconds=3)
    assert output.lines
    assert_clean(output)


@shared_task(name="tests.failing")
def failing(*args: str, **kwargs: str) -> None:
    raise ValueError(f"to +{kwargs['phone']} for {kwargs['email']}, token={args[0]}")


def test_arguments_of_tasks(output: Output) -> None:
    done = failing.apply(args=[TOKEN], kwargs={"phone": PHONE, "email": EMAIL}, throw=False)
    assert done.failed()
    assert "ValueError" in output.getvalue()
    assert_clean(output)


def test_a_line_is_never_two(output: Output) -> None:
    client = Client()
    for separator in ("\r\n", "\n", "\u2028", "\x85", "\x1b[2J"):
        client.get(f"/api/v1/nothing{separator}{FORGED}")
        client.get("/api/v1/contacts", headers={"X-Request-Id": f"abcdefgh{separator}{FORGED}",
                                                "User-Agent": f"x{separator}{FORGED}"})  # fmt: skip
        client.post("/_allauth/app/v1/auth/login",
                    {"email": f"a@b.c{separator}{FORGED}", "password": PASSWORD},
                    content_type="application/json")  # fmt: skip
        logging.getLogger("somebody").error("said %s", f"x{separator}{FORGED}")
    assert_clean(output, least=20)
    assert not any(line.startswith("2026-01-01") for line in output.getvalue().splitlines())
