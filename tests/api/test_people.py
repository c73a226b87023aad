"""Roles, teams, invitations, settings and limits over the API, as a new user would use them."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail as outbox

from kernel.models import Lane
from kernel.work.drain import drain
from tests import factories
from tests.api.caller import Caller, code_of, fields_of
from tests.api.conftest import member, signed_in


@pytest.fixture
def letters(settings: Any) -> Callable[[], list[Any]]:
    """The worker's turn; what it wrote."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    outbox.outbox = []
    Lane.objects.filter(kind="invite").delete()

    def write() -> list[Any]:
        drain("invite", seconds=5)
        return list(outbox.outbox)

    return write


def test_a_colleague_is_invited_accepts_and_may_what_the_role_says(
    world: Any, owner: Caller, letters: Callable[[], list[Any]]
) -> None:
    person = factories.person()
    body = {"email": person.email, "role": "agent"}
    made = owner.post("invitations", body)
    assert (made.status_code, made.json()["status"], made.json()["mailed_at"]) == (
        201,
        "open",
        None,
    )
    assert code_of(owner.post("invitations", body)) == "already_invited"
    (letter,) = letters()
    (token,) = re.findall(r"#token=(\S+)", letter.body)
    assert token not in made.content.decode()
    outside = signed_in(person)
    assert code_of(signed_in(factories.person()).post("invitations/accept", {"token": token})) == (
        "invitation_for_another"
    )
    accepted = outside.post("invitations/accept", {"token": token}).json()
    assert (accepted["tenant"]["id"], accepted["member"]["role"]) == (world.tenant.pk, "agent")
    again = outside.post("invitations/accept", {"token": token})
    assert (again.status_code, code_of(again)) == (409, "invitation_closed")
    agent = signed_in(person, world.tenant)
    assert agent.get("contacts").status_code == 200
    assert code_of(agent.get("invitations")) == "permission_denied"
    (listed,) = owner.get("invitations").json()["results"]
    assert (listed["status"], listed["accepted_at"] is not None) == ("accepted", True)


def test_an_invitation_is_sent_again_and_revoked(
    owner: Caller, letters: Callable[[], list[Any]]
) -> None:
    made = owner.post("invitations", {"email": "grace@example.test", "role": "viewer"}).json()
    path = f"invitations/{made['id']}"
    assert owner.post(f"{path}/resend").status_code == 200
    # The first mail's link is not the newest any more, so only one is worth writing.
    assert len(letters()) == 1
    assert owner.delete(path).status_code == 204
    assert owner.get(path).json()["status"] == "revoked"
    for refused in (owner.delete(path), owner.post(f"{path}/resend")):
        assert (refused.status_code, code_of(refused)) == (409, "invitation_closed")


def test_a_role_of_ones_own_is_made_given_changed_and_kept_while_it_is_used(
    world: Any, owner: Caller, as_role: Callable[[str], Caller]
) -> None:
    body = {"name": "Night shift", "permissions": ["contacts:read", "members:read"]}
    role = owner.post("roles", body).json()
    assert role["key"].startswith("night-shift-") and not role["is_built_in"]
    assert code_of(owner.post("roles", body)) == "role_exists"
    night, membership = member(world, role["key"])
    assert night.get("me").json()["permissions"] == ["contacts:read", "members:read"]
    assert code_of(night.get("channels")) == "permission_denied"
    path = f"roles/{role['id']}"
    owner.patch(path, {"permissions": ["channels:read"]})
    assert night.get("channels").status_code == 200
    assert code_of(owner.delete(path)) == "role_in_use"
    owner.patch(f"members/{membership.pk}", {"role": "viewer"})
    assert owner.delete(path).status_code == 204
    wide = {"name": "Wide", "permissions": ["tenant:erase"]}
    assert code_of(as_role("admin").post("roles", wide)) == "role_too_high"
    unknown = owner.patch(f"members/{membership.pk}", {"role": role["key"]})
    assert (unknown.status_code, fields_of(unknown)) == (422, ["role"])
    names = [one["key"] for one in owner.get("roles").json()["results"]]
    assert names == ["viewer", "agent", "supervisor", "admin", "owner"]


def test_a_team_is_filled_and_emptied(world: Any, owner: Caller) -> None:
    team = owner.post("teams", {"name": "Billing"}).json()
    path, me = f"teams/{team['id']}", world.owner.pk
    assert code_of(owner.post("teams", {"name": "Billing"})) == "team_exists"
    for _ in range(2):
        assert owner.call("put", f"{path}/members/{me}").status_code == 204
    (shown,) = owner.get(f"{path}/members").json()["results"]
    assert (shown["id"], shown["team_ids"]) == (me, [team["id"]])
    assert owner.delete(f"{path}/members/{me}").status_code == 204
    assert owner.get(f"{path}/members").json()["results"] == []
    assert owner.patch(path, {"name": "Bills"}).json()["name"] == "Bills"
    assert owner.delete(path).status_code == 204
    assert owner.get("teams").json()["results"] == []


def test_settings_are_told_apart_by_field_and_limits_show_their_use(owner: Caller) -> None:
    wrong = owner.patch(
        "tenant/settings", {"time_zone": "Mars/Base", "ip_allow_list": ["10.9.9.9"]}
    )
    assert (wrong.status_code, fields_of(wrong)) == (422, ["time_zone", "ip_allow_list"])
    kept = {"retention_days": {"raw_deliveries": 30, "messages": None}, "language": "pt-BR"}
    changed = owner.patch("tenant/settings", kept).json()
    assert (changed["language"], changed["retention_days"]["raw_deliveries"]) == ("pt-br", 30)
    limits = {one["name"]: one for one in owner.get("tenant/limits").json()["results"]}
    assert {"seats", "channels", "contacts", "messages_per_day", "storage_bytes",
            "exports_per_day", "invitations_per_day", "api_requests_per_second"} == set(limits)  # fmt: skip
    assert (limits["seats"]["used"], limits["seats"]["limit"]) == (1, None)
    assert limits["messages_per_day"]["resets_at"]


def test_messages_and_uploads_stop_at_the_limit(world: Any, owner: Caller, thread: Any) -> None:
    from tenants.access import acting_as_system
    from tenants.services.limits import set_limits

    with factories.inside(world), acting_as_system():
        limited = {"messages_per_day": 2, "storage_bytes": 20}
        set_limits(tenant=world.tenant, changes=limited, reason="plan")
    path, said = f"conversations/{thread.pk}/messages", {"type": "text", "text": "x"}
    statuses = [owner.post(path, said).status_code for _ in range(3)]
    assert statuses == [201, 201, 403]
    refused = owner.post(path, said).json()
    assert (refused["code"], refused["limit"], refused["most"]) == (
        "limit_reached",
        "messages_per_day",
        2,
    )
    # The same bytes are kept, and counted, once.
    for data in (b"12345678", b"12345678", b"abcdefgh"):
        assert owner.upload(data, "a.txt", "text/plain").status_code == 201
    assert code_of(owner.upload(b"ABCDEFGH", "c.txt", "text/plain")) == "limit_reached"
    limits = {one["name"]: one["used"] for one in owner.get("tenant/limits").json()["results"]}
    assert (limits["messages_per_day"], limits["storage_bytes"]) == (2, 16)


def test_a_tenants_slug_changes_and_the_old_one_names_nothing(world: Any, owner: Caller) -> None:
    new = f"{world.tenant.slug}-2"
    assert owner.patch("tenant", {"slug": new}).json()["slug"] == new
    assert code_of(owner.get("tenant")) == "tenant_not_found"
    assert signed_in(world.user, world.tenant).get("me", {"X-Tenant": new}).status_code == 200
