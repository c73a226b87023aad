"""One's own account over the API: its name, and its end."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from accounts.models import User
from accounts.tests.callers import PASSWORD, App, person
from kernel.models import AuditEntry
from kernel.scoping import Reason, tenant_scope, unscoped
from kernel.work.drain import drain
from tenants.access import acting
from tenants.models import Invitation, Membership
from tenants.principals import principal_of_member
from tenants.services.api_keys import create_api_key
from tenants.services.invitations import invite
from tenants.services.members import add_member
from tenants.services.telling import AT_ONCE
from tenants.services.tenant import create_tenant
from tests import factories
from tests.api.caller import PREFIX, Caller, code_of
from tests.api.conftest import key_caller

PATH = PREFIX + "account"


class Person:
    """Somebody with a password who is signed in by an app."""

    def __init__(self) -> None:
        self.user, self.app = person(), App()
        assert self.app.log_in(self.user).status_code == 200

    def ask(self, method: str, body: Any = None) -> Any:
        headers = {"X-Session-Token": self.app.session_token}
        given = {"data": body, "content_type": "application/json"} if body else {}
        return getattr(self.app.client, method)(PATH, headers=headers, **given)

    def proven(self) -> "Person":
        assert self.app.confirm_again().status_code == 200
        return self

    def joins(self, world: Any, role: str = "agent") -> Membership:
        with factories.inside(world):
            return add_member(email=self.user.email, role=role)


@pytest.fixture
def somebody() -> Person:
    return Person()


def _row(member: Membership) -> Membership:
    with unscoped(Reason.LIST_MY_TENANTS):
        return Membership.objects.get(pk=member.pk)


def _entries(tenant: Any, action: str) -> list[AuditEntry]:
    with tenant_scope(tenant):
        return list(AuditEntry.objects.filter(action=action))


def test_a_person_reads_and_changes_their_name_in_all_their_tenants(
    somebody: Person, world: Any, new_tenant: Any
) -> None:
    worlds = [world, new_tenant()]
    members = [somebody.joins(each) for each in worlds]
    shown = somebody.ask("get").json()
    assert (shown["email"], shown["has_password"]) == (somebody.user.email, True)
    changed = somebody.ask("patch", {"name": "  Ada  Lovelace "})
    assert (changed.status_code, changed.json()["name"]) == (200, "Ada Lovelace")
    assert {_row(member).name for member in members} == {"Ada Lovelace"}
    for each, member in zip(worlds, members, strict=True):
        (entry,) = _entries(each.tenant, "person.renamed")
        assert (entry.actor_id, entry.changes) == (member.pk, {"name": None})


@pytest.mark.parametrize(
    "body", [{}, {"name": "x" * 121}, {"name": 7}, {"email": "a@example.test"}]
)
def test_what_is_no_name_changes_nothing(somebody: Person, body: dict[str, Any]) -> None:
    assert somebody.ask("patch", body or {"nothing": 1}).status_code == 400
    assert User.objects.get(pk=somebody.user.pk).name == ""


def test_an_account_is_nothing_for_keys_and_for_nobody(world: Any) -> None:
    machine, _ = key_caller(world, ["tenant:read"])
    for caller in (machine, Caller()):
        assert caller.get("account").status_code == 401
        assert caller.delete("account").status_code == 401


def test_deleting_asks_for_a_fresh_proof(somebody: Person) -> None:
    assert code_of(somebody.ask("delete")) == "reauthentication_required"
    assert User.objects.get(pk=somebody.user.pk).is_active


def test_a_proof_of_an_hour_ago_or_of_another_session_is_none(
    somebody: Person, monkeypatch: Any
) -> None:
    other = App()
    other.log_in(somebody.user)
    other.confirm_again()
    assert code_of(somebody.ask("delete")) == "reauthentication_required"
    somebody.proven()
    from time import time

    monkeypatch.setattr("config.api.fresh.time.time", lambda: time() + 301)
    assert code_of(somebody.ask("delete")) == "reauthentication_required"
    assert User.objects.get(pk=somebody.user.pk).is_active


def test_a_cookie_alone_deletes_nothing(somebody: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(somebody.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.delete(PATH).status_code == 403
    assert User.objects.get(pk=somebody.user.pk).is_active


def test_deleting_ends_everything_and_forgets_who_it_was(somebody: Person, world: Any) -> None:
    user, old = somebody.user, somebody.user.email
    with factories.inside(world):
        invitation = invite(email=old, role="agent")
        Invitation.objects.filter(pk=invitation.pk).update(
            status=Invitation.ACCEPTED, open_email=None
        )
    member, other = somebody.joins(world, "admin"), App()
    with tenant_scope(world.tenant), acting(principal_of_member(member)):
        _, text = create_api_key(name="theirs", scopes=["tenant:read"])
    machine = Caller(Authorization=f"Bearer {text}")
    other.log_in(user)
    TOTP.activate(user, generate_totp_secret())
    assert machine.get("tenant").status_code == 200
    assert somebody.proven().ask("delete").status_code == 204
    assert machine.get("tenant").status_code == 401
    assert not somebody.app.is_in and not other.is_in
    assert App().post("auth/login", {"email": old, "password": PASSWORD}).status_code == 400
    gone = User.objects.get(pk=user.pk)
    assert (gone.name, gone.is_active, gone.has_usable_password()) == ("", False, False)
    assert not User.objects.filter(email=old).exists()
    for about in (EmailAddress, Authenticator):
        assert not about.objects.filter(user_id=user.pk).exists()
    left = _row(member)
    assert (left.status, left.name, left.email) == ("disabled", "", gone.email)
    with tenant_scope(world.tenant):
        assert Invitation.objects.get(pk=invitation.pk).email == gone.email
    assert len(_entries(world.tenant, "person.deleted")) == 1
    (removed,) = _entries(world.tenant, "member.removed")
    assert (removed.target_id, removed.user_id) == (member.pk, user.pk)


def test_the_address_of_a_deleted_account_makes_a_new_one(somebody: Person, world: Any) -> None:
    old = somebody.user.email
    somebody.joins(world)
    somebody.proven().ask("delete")
    app = App()
    assert app.post("auth/signup", {"email": old, "password": PASSWORD}).status_code == 200
    again = User.objects.get(email=old)
    assert again.pk != somebody.user.pk
    with unscoped(Reason.LIST_MY_TENANTS):
        assert not Membership.objects.filter(user_id=again.pk).exists()


def test_the_last_owner_of_a_tenant_stays_and_is_told_of_which(somebody: Person) -> None:
    mine = create_tenant(maker=somebody.user, name="M", slug=f"m-{factories.digits()}")
    refused = somebody.proven().ask("delete")
    assert (refused.status_code, code_of(refused)) == (409, "last_owner")
    assert refused.json()["tenants"] == [mine.slug]
    assert User.objects.get(pk=somebody.user.pk).email == somebody.user.email
    assert somebody.app.is_in
    assert _entries(mine, "person.deleted") == []


def test_of_two_owners_who_leave_at_once_one_stays(world: Any) -> None:
    tenant = create_tenant(maker=factories.person(), name="M", slug=f"m-{factories.digits()}")
    two = [Person().proven(), Person().proven()]
    with tenant_scope(tenant):
        Membership.objects.all().update(status=Membership.DISABLED)
        for each in two:
            Membership.objects.create(user=each.user, role="owner", email=each.user.email)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda each: each.ask("delete").status_code, two))
    assert sorted(answers) == [204, 409]
    with tenant_scope(tenant):
        assert Membership.objects.filter(role="owner", status=Membership.ACTIVE).count() == 1


def test_staff_do_not_delete_their_account_here(somebody: Person) -> None:
    User.objects.filter(pk=somebody.user.pk).update(is_staff=True)
    assert code_of(somebody.proven().ask("delete")) == "staff_account"
    assert User.objects.get(pk=somebody.user.pk).is_active


def test_who_has_many_tenants_leaves_all_of_them(somebody: Person) -> None:
    made = [factories.new_world() for _ in range(AT_ONCE + 2)]
    members = [somebody.joins(each) for each in made]
    assert somebody.proven().ask("delete").status_code == 204
    drain("tell", seconds=30)
    rows = [_row(member) for member in members]
    assert {row.status for row in rows} == {"disabled"}
    assert {row.email for row in rows} == {User.objects.get(pk=somebody.user.pk).email}
    assert all(len(_entries(each.tenant, "person.deleted")) == 1 for each in made)
