"""Whatever a person does where no tenant is yet, or by a link, is an entry under their name."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from accounts.tests.callers import App
from config.stream.access import Credentials, admit
from kernel.models import AuditEntry
from kernel.scoping import tenant_scope
from kernel.scoping.context import outside_scope
from tenants.errors import PermissionDenied, TenantNotFound
from tenants.models import Membership, Tenant
from tests import factories
from tests.api.caller import Caller
from tests.api.conftest import signed_in
from tests.backoffice.conftest import browser, staff
from tests.inbound import work_off

PASSWORD, REQUEST = "correct horse battery", "the-request-of-theirs"
SAME = {"X_Request_Id": REQUEST}


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.DATA = str(tmp_path)
    settings.MEDIA_ROOT = str(tmp_path / "media")


def entries(tenant: Any, *actions: str) -> list[AuditEntry]:
    with outside_scope(), tenant_scope(tenant):
        return list(AuditEntry.objects.filter(action__in=actions).order_by("id"))


def is_theirs(entry: AuditEntry, user: Any, kind: str = "person") -> bool:
    return (entry.actor_kind, entry.user_id, entry.ip, entry.request_id) == (
        kind, user.pk, "127.0.0.1", REQUEST,
    )  # fmt: skip


def test_a_tenant_begins_with_who_made_it() -> None:
    person = factories.person()
    slug = f"made-{factories.digits(9)}"
    made = signed_in(person).post("tenants", {"name": "Made", "slug": slug}, **SAME)
    assert made.status_code == 201
    found = entries(made.json()["id"], "tenant.created", "member.added")
    assert len(found) == 2 and all(is_theirs(entry, person) for entry in found)


def exported(owner: Caller) -> str:
    """The link of an export of the owner's tenant."""
    asked = owner.post("tenant/exports").json()
    work_off("export")
    return str(owner.get(f"tenant/exports/{asked['id']}").json()["url"].split("/api/v1/")[1])


def test_a_download_is_whose_the_link_was_and_an_import_whose_the_upload(
    world: Any, owner: Caller
) -> None:
    answer = Caller().client.get("/api/v1/" + exported(owner), headers={"X-Request-Id": REQUEST})
    archive = b"".join(answer.streaming_content)
    (fetched,) = entries(world.tenant, "export.fetched")
    assert is_theirs(fetched, world.user, "member") and fetched.actor_id == world.owner.pk

    slug = f"copy-{factories.digits(9)}"
    form = {"file": SimpleUploadedFile("a.tar", archive), "slug": slug}
    asked = signed_in(world.user).client.post("/api/v1/tenants/imports", form,
                                              headers={"X-Request-Id": REQUEST})  # fmt: skip
    assert asked.status_code == 202, asked.content
    work_off("import")
    copy = Tenant.objects.get(slug=slug)
    found = entries(copy, "tenant.imported", "tenant.created", "tenant.import_finished")
    assert len(found) == 3 and all(is_theirs(entry, world.user) for entry in found)


def test_who_keeps_the_tenant_after_all_is_named(world: Any, owner: Caller) -> None:
    asked = owner.post("tenant/erase", {"slug": world.tenant.slug})
    assert asked.status_code == 202
    kept = signed_in(world.user).post(f"erasures/{asked.json()['id']}/cancel", **SAME)
    assert kept.status_code == 200
    (entry,) = entries(world.tenant, "tenant.erasure_cancelled")
    assert is_theirs(entry, world.user)


def test_ending_ones_other_sessions_is_an_entry(world: Any) -> None:
    one, other = App(), App()
    for app in (one, other):
        assert app.log_in(world.user, PASSWORD).status_code == 200
    listed = one.get("auth/sessions").json()["data"]
    others = [session["id"] for session in listed if not session["is_current"]]
    assert one.delete("auth/sessions", {"sessions": others}).status_code == 200
    assert not other.is_in and one.is_in
    (entry,) = entries(world.tenant, "person.sessions_ended")
    assert (entry.actor_kind, entry.user_id) == ("member", world.user.pk)
    assert entry.changes == {"count": [None, len(others)]}
    call_command("person", "end-sessions", world.user.email)
    _, by_operator = entries(world.tenant, "person.sessions_ended")
    assert by_operator.actor_kind == "system" and not one.is_in


def test_a_stream_that_was_refused_is_an_entry_of_ones_own_tenant(
    world: Any, new_tenant: Any
) -> None:
    other, app = new_tenant(), App()
    app.log_in(world.user, PASSWORD)
    asked = {"session_token": app.session_token, "ip": "203.0.113.7"}
    with pytest.raises(TenantNotFound):
        admit(Credentials(**asked, tenant=other.tenant.slug))
    (entry,) = entries(world.tenant, "access.refused")
    assert (entry.target_type, entry.target_id, entry.ip) == (
        "tenant", other.tenant.slug, "203.0.113.7",
    )  # fmt: skip
    assert entries(other.tenant, "access.refused") == []
    with factories.inside(world):
        Membership.objects.filter(pk=world.owner.pk).update(role="none")
    with pytest.raises(PermissionDenied):
        admit(Credentials(**asked, tenant=world.tenant.slug))
    _, entry = entries(world.tenant, "access.refused")
    assert (entry.actor_id, entry.changes) == (
        world.owner.pk, {"code": [None, "permission_denied"]},
    )  # fmt: skip


def test_the_backoffices_door_to_a_foreign_tenant_is_an_entry_and_a_line(
    world: Any, new_tenant: Any, records: list[Any]
) -> None:
    other, helper = new_tenant(), staff()
    with factories.inside(world):
        Membership.objects.create(user=helper, role="viewer", email=helper.email)
    browser(helper).post(reverse("admin:choose_tenant"), {"tenant": other.tenant.pk})
    (entry,) = entries(world.tenant, "access.refused")
    assert (entry.target_id, entry.user_id) == (other.tenant.pk, helper.pk)
    assert entries(other.tenant, "access.refused") == []
    (line,) = said(records, "backoffice.refused")
    assert (line["user_id"], line["named"]) == (helper.pk, other.tenant.pk)


def test_rights_of_staff_are_an_entry_where_they_work_and_a_line_in_any_case(
    world: Any, records: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAFF_PASSWORD", "a password for staff")
    call_command("create_staff", world.user.email, "--all-tenants")
    (entry,) = entries(world.tenant, "person.staff_granted")
    assert (entry.actor_kind, entry.target_id) == ("system", world.user.pk)
    stranger = f"s-{factories.digits(9)}@example.test"
    call_command("create_staff", stranger)
    app = App()
    app.post("auth/login", {"email": stranger, "password": "wrong horse battery"})
    assert app.post("auth/login", {"email": stranger, "password": "a password for staff"})
    granted = [line["is_superuser"] for line in said(records, "person.staff_granted")]
    assert granted == [True, False]
    for event in ("person.sign_in_failed", "person.signed_in"):
        (line,) = said(records, event)
        assert line["is_staff"] is True and line["ip"].startswith("10."), event


def said(records: list[Any], event: str) -> list[dict[str, Any]]:
    """The lines of the security log with this name."""
    lines: list[Any] = [record.msg for record in records]
    return [line for line in lines if isinstance(line, dict) and line["event"] == event
            and line.get("security") is True]  # fmt: skip
