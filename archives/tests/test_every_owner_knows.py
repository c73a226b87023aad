"""An erasure is every owner's business: each is written to, finds it, and can keep the tenant."""

from datetime import UTC
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from archives.models import Erasure
from archives.services import erasure_mail
from archives.services.erasures import ask_erasure, cancel_erasure
from kernel.clock import LONG_AGO, now
from kernel.models import Lane
from kernel.mongo.doors import hasty
from kernel.mongo.ids import new_id
from tenants.models import Membership, Tenant
from tests import factories
from tests.api.conftest import signed_in
from tests.inbound import work_off

ONE_ID = {"X-Request-Id": "the-same-one"}


@pytest.fixture(autouse=True)
def outbox(settings: Any) -> list[Any]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []
    work_off(erasure_mail.KIND)  # what other tests left to be told
    mail.outbox.clear()
    return mail.outbox


def joined(world: Any, role: str, status: str = "active") -> Any:
    person = factories.person()
    with factories.inside(world):
        Membership.objects.create(user=person, role=role, status=status, email=person.email)
    return person


def asked(world: Any) -> Erasure:
    with factories.inside(world):
        return ask_erasure(slug=world.tenant.slug)


def mailed() -> list[str]:
    work_off(erasure_mail.KIND)
    return sorted(address for message in mail.outbox for address in message.to)


def lane_of(erasure: Erasure) -> Any:
    """As the workers see it, who do not wait for a majority."""
    return hasty(Lane).find_one({"kind": erasure_mail.KIND, "key": erasure.pk})


def test_every_owner_is_written_to_once_who_asked_when_it_is_due_and_how_to_keep_it(
    world, settings
):
    second = joined(world, "owner")
    joined(world, "admin")
    joined(world, "owner", status="disabled")
    Tenant.objects.filter(pk=world.tenant.pk).update(name="Shop\r\nBcc: x@example.test")
    erasure = asked(world)
    assert mailed() == sorted([world.owner.email, second.email]) == mailed()
    assert all(len(message.to) == 1 for message in mail.outbox)
    assert {m.subject for m in mail.outbox} == {"Shop Bcc: x@example.test is to be erased"}
    due = f"{erasure.due_at:%d %B %Y, %H:%M} UTC"
    way = f"POST {settings.PUBLIC_URL}/api/v1/erasures/{erasure.pk}/cancel"
    for message in mail.outbox:
        assert all(part in message.body for part in (world.owner.email, due, way, erasure.slug))
    assert lane_of(erasure) is None


def test_one_whom_the_mail_server_refuses_is_tried_again_and_keeps_nobody_from_knowing(
    world, monkeypatch
):
    second = joined(world, "owner")
    refused, real = {world.owner.email}, EmailBackend.send_messages

    def send(self: Any, messages: Any) -> Any:
        if any(set(message.to) & refused for message in messages):
            raise ConnectionRefusedError
        return real(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send)
    erasure = asked(world)
    assert mailed() == [second.email]
    in_s = (lane_of(erasure)["due_at"].replace(tzinfo=UTC) - now()).total_seconds()
    assert 20 < in_s <= 30
    refused.clear()
    Lane.objects.filter(kind=erasure_mail.KIND, key=erasure.pk).update(due_at=LONG_AGO)
    assert mailed() == sorted([world.owner.email, second.email])


def test_what_was_cancelled_before_the_mail_left_is_not_told(world):
    erasure = asked(world)
    cancel_erasure(erasure_id=erasure.pk, user_id=world.user.pk)
    assert mailed() == []


def test_having_written_does_not_disturb_the_erasure(world, settings, monkeypatch):
    from archives.services import erasing

    settings.ERASE_GRACE_DAYS = 7
    monkeypatch.setattr(erasing, "SETTLE_S", 0.0)
    erasure = asked(world)
    assert mailed() == [world.owner.email]
    Erasure.objects.filter(pk=erasure.pk).update(due_at=LONG_AGO)
    for _ in range(5):
        Lane.objects.filter(kind=erasing.KIND, key=erasure.pk).update(due_at=LONG_AGO)
        work_off(erasing.KIND)
    erasure.refresh_from_db()
    assert (erasure.state, erasure.progress) == (Erasure.DONE, {})


def test_a_second_owner_finds_reads_and_cancels_it(world):
    person = signed_in(joined(world, "owner"))
    assert [t["erasure"] for t in person.get("tenants").json()["results"]] == [None]
    erasure = asked(world)
    (shown,) = person.get("tenants").json()["results"]
    read = person.get(f"erasures/{erasure.pk}").json()
    assert shown["erasure"] == {"id": erasure.pk, "due_at": read["due_at"]}
    assert (read["state"], read["tenant_id"]) == ("waiting", world.tenant.pk)
    assert person.post(f"erasures/{erasure.pk}/cancel").json()["state"] == "cancelled"
    (shown,) = person.get("tenants").json()["results"]
    assert (shown["status"], shown["erasure"]) == ("active", None)


@pytest.mark.parametrize(("role", "status"), [("admin", "active"), ("agent", "active"), ("owner", "disabled"),
                                              ("owner", "left"), (None, None)])  # fmt: skip
def test_for_everybody_else_there_is_no_such_erasure(world, role, status):
    person = signed_in(joined(world, role, status) if role else factories.person())
    erasure = asked(world)
    shown = {t["id"]: t["erasure"] for t in person.get("tenants").json()["results"]}
    assert shown == ({world.tenant.pk: None} if status == "active" else {})
    unknown = new_id()
    for method, path in (("get", "erasures/{}"), ("post", "erasures/{}/cancel")):
        theirs, nobodys = (
            person.call(method, path.format(id_), headers=ONE_ID) for id_ in (erasure.pk, unknown)
        )
        assert theirs.status_code == nobodys.status_code == 404
        assert theirs.content == nobodys.content
    erasure.refresh_from_db()
    assert (erasure.state, Tenant.objects.get(pk=world.tenant.pk).status) == (
        "waiting",
        "suspended",
    )
