"""A body may take as long as its client's line; the database may not."""

import time
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError
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


def send(caller: Caller, path: str, body: bytes, kind: str) -> Any:
    headers = {name.replace("_", "-"): value for name, value in caller.headers.items()}
    slow = {"wsgi.input": Dripping(body)}
    return caller.client.generic("POST", path, body, kind, headers=headers, **slow)


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
