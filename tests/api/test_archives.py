"""Moving, ending and forgetting over the API, as their callers see it."""

from pathlib import Path
from typing import Any

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile

from archives.models import Export
from archives.services.exports import SALT
from archives.tests.lived import live
from kernel.clock import LONG_AGO
from kernel.models import AuditEntry, Lane
from kernel.mongo.ids import new_id
from tenants.services.tenant import resume_tenant, suspend_tenant
from tests import factories
from tests.api.caller import Caller, code_of
from tests.api.conftest import member, signed_in
from tests.inbound import work_off


@pytest.fixture
def archive(world: Any, owner: Caller) -> bytes:
    """The bytes of the world's archive, fetched by its link."""
    live(world)
    asked = owner.call("post", "tenant/exports")
    assert asked.status_code == 202 and asked.json()["phase"] == "queued"
    work_off("export")
    ready = owner.call("get", f"tenant/exports/{asked.json()['id']}").json()
    assert ready["phase"] == "ready" and ready["counts"]["messages"] == 7
    answer = Caller().client.get("/api/v1/" + ready["url"].split("/api/v1/")[1])
    assert answer.status_code == 200 and answer["Content-Disposition"].startswith("attachment")
    return b"".join(answer.streaming_content)


def upload(person: Any, data: bytes, slug: str) -> Any:
    form = {"file": SimpleUploadedFile("a.tar", data), "slug": slug}
    return signed_in(person).client.post("/api/v1/tenants/imports", form)


def test_a_person_takes_an_archive_in_as_a_new_tenant(
    world: Any, archive: bytes, settings: Any
) -> None:
    slug = f"api-{factories.digits(9)}"
    asked = upload(world.user, archive, slug)
    assert asked.status_code == 202, asked.content
    work_off("import")
    person = signed_in(world.user)
    row = person.call("get", f"tenants/imports/{asked.json()['id']}").json()
    assert row["phase"] == "done" and row["report"]["collections"]["tenant"]["messages"] == 7
    assert row["tenant_id"] in [t["id"] for t in person.call("get", "tenants").json()["results"]]
    assert not list((Path(settings.DATA) / "imports").glob("*.tar"))
    again = upload(world.user, archive, slug)
    assert (again.status_code, code_of(again)) == (409, "slug_taken")


def test_what_is_no_archive_is_refused_at_once(world: Any) -> None:
    answer = upload(world.user, b"no archive" * 100, f"api-{factories.digits(9)}")
    assert (answer.status_code, code_of(answer)) == (422, "archive_refused")


def test_a_link_opens_one_export_and_nothing_else(
    world: Any, owner: Caller, archive: bytes
) -> None:
    url = own_link(owner)
    for wrong in (url[:-1], url + "x", "exports/content/x", url.replace("exports", "media")):
        assert Caller().client.get(f"/api/v1/{wrong}").status_code == 404
    owner.call(
        "delete", f"tenant/exports/{owner.call('get', 'tenant/exports').json()['results'][0]['id']}"
    )
    assert Caller().client.get(f"/api/v1/{url}").status_code == 404


def test_a_link_is_shut_while_its_tenant_is_suspended(
    world: Any, owner: Caller, archive: bytes
) -> None:
    path = own_link(owner)
    with factories.inside(world):
        suspend_tenant(tenant=world.tenant, reason="unpaid")
    refused = Caller().get(path)
    assert (refused.status_code, code_of(refused)) == (403, "tenant_suspended")
    assert fetched(world) == 1
    with factories.inside(world):
        resume_tenant(tenant=world.tenant, reason="paid")
    assert b"".join(Caller().client.get(f"/api/v1/{path}").streaming_content) == archive


def test_a_link_that_names_one_tenant_opens_no_export_of_another(
    world: Any, archive: bytes, new_tenant: Any
) -> None:
    """Even one that we signed ourselves: the tenant in it bounds what the export in it may be."""
    with factories.inside(world):
        export = Export.objects.get()
    stranger = new_tenant()
    answers = []
    for export_id in (export.pk, new_id()):
        token = signing.dumps([stranger.tenant.pk, export_id], salt=SALT)
        answers.append(Caller().get(f"exports/content/{token}", {"X-Request-Id": "the-same-one"}))
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert (fetched(world), fetched(stranger)) == (1, 0)


def own_link(owner: Caller) -> str:
    """The address, below ``/api/v1/``, of the newest archive."""
    url = owner.call("get", "tenant/exports").json()["results"][0]["url"]
    return str(url.split("/api/v1/")[1])


def fetched(world: Any) -> int:
    """How often the tenant's archives were handed out, by its audit log."""
    with factories.inside(world):
        return AuditEntry.objects.filter(action="export.fetched").count()


def test_an_owner_ends_a_tenant_reads_the_certificate_and_could_have_kept_it(
    world: Any, owner: Caller, settings: Any
) -> None:
    assert code_of(owner.call("post", "tenant/erase", body={"slug": "x"})) == "not_confirmed"
    asked = owner.call("post", "tenant/erase", body={"slug": world.tenant.slug})
    assert asked.status_code == 202
    assert code_of(owner.call("get", "tenant")) == "tenant_suspended"
    person, erasure = signed_in(world.user), asked.json()["id"]
    assert person.call("post", f"erasures/{erasure}/cancel").json()["state"] == "cancelled"
    assert owner.call("get", "tenant").status_code == 200
    settings.ERASE_GRACE_DAYS = 0
    erasure = owner.call("post", "tenant/erase", body={"slug": world.tenant.slug}).json()["id"]
    for _ in range(5):
        work_off("erase")
        Lane.objects.filter(kind="erase", key=erasure).update(due_at=LONG_AGO)
    certified = person.call("get", f"erasures/{erasure}").json()
    assert (
        certified["state"] == "done"
        and certified["certificate"]["body"]["slug"] == world.tenant.slug
    )
    assert code_of(person.call("post", f"erasures/{erasure}/cancel")) == "erasure_begun"
    assert signed_in(factories.person()).call("get", f"erasures/{erasure}").status_code == 404


def test_a_supervisor_exports_a_contact_and_reads_no_other_export(
    world: Any, owner: Caller
) -> None:
    lived = live(world)
    caller, _ = member(world, "supervisor")
    asked = caller.call("post", f"contacts/{lived.contact.pk}/export")
    assert asked.status_code == 202 and asked.json()["contact_id"] == lived.contact.pk
    assert code_of(owner.call("post", "tenant/exports")) == "export_running"
    work_off("export")
    assert caller.call("get", f"tenant/exports/{asked.json()['id']}").json()["phase"] == "ready"
    whole = owner.call("post", "tenant/exports").json()["id"]
    assert caller.call("get", f"tenant/exports/{whole}").status_code == 404


def test_an_admin_forgets_a_contact(world: Any) -> None:
    lived = live(world)
    caller, _ = member(world, "admin")
    asked = caller.call("post", f"contacts/{lived.contact.pk}/erase")
    assert asked.status_code == 202 and asked.json()["state"] == "running"
    assert code_of(caller.call("post", f"contacts/{lived.contact.pk}/erase")) == "erasure_open"
    work_off("forget", "media")
    shown = caller.call("get", f"contacts/{lived.contact.pk}").json()
    assert (shown["name"], shown["phone"]) == ("", "")
