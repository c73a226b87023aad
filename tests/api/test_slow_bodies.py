"""A body may take as long as its client's line; the database may not."""

import io
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, FakePayload, encode_multipart

from config import middleware
from kernel.mongo.deadline import away_from_database, database_deadline
from kernel.mongo.doors import PyMongoError
from messaging.models import Attachment
from tenants.models import Tenant
from tests import factories
from tests.api.caller import Caller, code_of
from tests.api.conftest import signed_in

WITHIN_S = 1.5


class Dripping(FakePayload):
    """Takes longer than the database may before it gives its first byte."""

    def read(self, *size: Any) -> bytes:
        if not self.read_started:
            time.sleep(WITHIN_S + 0.3)
        return super().read(*size)


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "DATABASE_S", WITHIN_S)


def send(caller: Caller, path: str, body: bytes, kind: str, stream: Any = None) -> Any:
    headers = {name.replace("_", "-"): value for name, value in caller.headers.items()}
    slow = {"wsgi.input": stream or Dripping(body)}
    return caller.client.generic("POST", path, body, kind, headers=headers, **slow)


def cut_off(body: bytes) -> io.BytesIO:
    """Ends after half of what is announced, as when a client breaks off."""
    return io.BytesIO(body[: len(body) // 2])


def test_half_a_body_is_none(world: Any, owner: Caller) -> None:
    """The server hands on what came: half a file or no body at all must not be taken for the whole."""
    file = SimpleUploadedFile("a.txt", b"half of this " * 20_000, "text/plain")
    with factories.inside(world):
        before = Attachment.objects.count()
    for path, body, kind in (
        ("/api/v1/media", form(file=file), MULTIPART_CONTENT),
        ("/api/v1/teams", b'{"name": "Half"}', "application/json"),
    ):
        answer = send(owner, path, body, kind, cut_off(body))
        assert (answer.status_code, code_of(answer)) == (400, "body_incomplete"), path
    with factories.inside(world):
        assert Attachment.objects.count() == before


def test_half_a_form_of_the_backoffice_is_none() -> None:
    body = urlencode({"username": "a@example.test", "password": "x" * 100}).encode()
    answer = Client(REMOTE_ADDR="10.1.2.3").generic(
        "POST", "/admin/login/", body, "application/x-www-form-urlencoded",
        **{"wsgi.input": cut_off(body)})  # fmt: skip
    assert answer.status_code == 400


def form(**fields: Any) -> bytes:
    return encode_multipart(BOUNDARY, fields)


def test_a_file_that_arrives_slowly_is_kept(world: Any, owner: Caller) -> None:
    file = SimpleUploadedFile("a.txt", b"slow and steady", "text/plain")
    answer = send(owner, "/api/v1/media", form(file=file), MULTIPART_CONTENT)
    assert answer.status_code == 201, answer.content
    with factories.inside(world):
        assert Attachment.objects.get(pk=answer.json()["id"]).size == len(b"slow and steady")


def test_an_archive_that_arrives_slowly_is_looked_at(world: Any) -> None:
    file = SimpleUploadedFile("a.tar", b"no archive" * 100)
    body = form(file=file, slug=f"slow-{factories.digits(9)}")
    answer = send(signed_in(world.user), "/api/v1/tenants/imports", body, MULTIPART_CONTENT)
    assert (answer.status_code, code_of(answer)) == (422, "archive_refused")


def test_json_that_arrives_slowly_is_read(world: Any, owner: Caller) -> None:
    answer = send(owner, "/api/v1/teams", b'{"name": "Night shift"}', "application/json")
    assert answer.status_code == 201, answer.content


def test_signing_in_may_take_its_time(world: Any) -> None:
    body = b'{"email": "nobody@example.test", "password": "wrong-horse-battery"}'
    answer = send(Caller(), "/_allauth/app/v1/auth/login", body, "application/json")
    assert answer.status_code == 400


def test_work_on_the_database_is_bounded_before_and_after_what_was_waited_for() -> None:
    with database_deadline(0.4) as deadline:
        with away_from_database():
            time.sleep(0.5)
        assert deadline.elapsed_s < 0.4
        assert Tenant.objects.filter(slug="-").exists() is False
        time.sleep(0.5)
        assert deadline.elapsed_s > 0.4
        with pytest.raises((PyMongoError, DatabaseError)):
            Tenant.objects.filter(slug="-").exists()
    assert Tenant.objects.filter(slug="-").exists() is False
