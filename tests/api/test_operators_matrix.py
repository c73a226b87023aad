"""Every operation of the installation's own people as every kind of caller."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator

from kernel.clock import now
from tenants.models import Impersonation, StaffGrant
from tests import factories
from tests.api import contract
from tests.api.caller import PREFIX, Caller, code_of
from tests.api.conftest import key_caller, signed_in
from tests.api.permission_table import FOR_STAFF, FOR_SUPERUSERS, LOWEST_ROLE
from tests.backoffice.arrivals import posted

REASON = {"reason": "ticket 4711"}
BODIES: dict[str, dict[str, Any]] = {
    "people_staff_rights": {**REASON, "is_staff": True, "is_superuser": False},
    "tenants_limits_change": {**REASON, "limits": {"seats": 9}},
    "work_items_replay_all": {**REASON, "collection": "deliveries", "state": "dead", "cause": ""},
}
QUERIES = {"work_items_list": {"collection": "deliveries"}}
OPERATIONS = [(o["operationId"], method, path) for method, path, o in contract.operations()
              if o["operationId"] in FOR_SUPERUSERS | FOR_STAFF]  # fmt: skip
NOWHERE = "0" * 24


def _staff(**rights: bool) -> Any:
    user = factories.person(is_staff=True, **rights)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    return user


def _granted(world: Any, user: Any) -> StaffGrant:
    with factories.inside(world):
        return StaffGrant.objects.create(user=user, email=user.email, reason="ticket 4711",
                                         expires_at=now() + timedelta(hours=1))  # fmt: skip


def _asker(kind: str, world: Any) -> Caller:
    if kind == "nobody":
        return Caller()
    if kind == "owner":
        return signed_in(world.user)
    if kind == "key":
        return key_caller(world, ["tenant:read"])[0]
    user = _staff(is_superuser=kind == "superuser")
    if kind == "granted staff":
        _granted(world, user)
    return signed_in(user)


def _ask(caller: Caller, name: str, method: str, path: str, ids: dict[str, str]) -> Any:
    parts = [ids.get(p, NOWHERE) if p.startswith("{") else p
             for p in path.removeprefix(PREFIX).split("/")]  # fmt: skip
    body = None if method == "get" else BODIES.get(name, REASON)
    if name == "staff_grants_create":
        body = {**REASON, "hours": 8, "email": _staff().email}
    if name == "impersonations_create":
        body = {**REASON, "email": ids.get("email", "nobody@example.test")}
    return caller.call(method, "/".join(parts), body=body, query=QUERIES.get(name))


def _ids(world: Any) -> Callable[[], dict[str, str]]:
    """Of things that are there, made anew for each operation: some end what they act on."""

    def fresh() -> dict[str, str]:
        grant = _granted(world, _staff())
        with factories.inside(world):
            _, dead = posted(factories.channel())
            acted = Impersonation.objects.create(
                user=_staff(), email="sam@example.test", member=world.owner, reason="ticket 4711",
                expires_at=now() + timedelta(minutes=30))  # fmt: skip
        return {"{tenant_id}": world.tenant.pk, "{grant_id}": grant.pk, "email": world.user.email,
                "{person_id}": factories.person().pk, "{item_id}": dead.pk, "{event_id}": dead.pk,
                "{impersonation_id}": acted.pk}  # fmt: skip

    return fresh


def test_every_operation_without_a_role_is_a_persons_own_or_the_installations() -> None:
    own = {"account_get", "account_change", "account_delete", "tenants_list", "tenants_create",
           "tenants_leave", "invitations_accept", "imports_create", "imports_list", "imports_get",
           "erasures_get", "erasures_cancel"}  # fmt: skip
    without = {name for name, lowest in LOWEST_ROLE.items() if lowest is None}
    assert without == own | FOR_SUPERUSERS | FOR_STAFF
    assert not own & FOR_SUPERUSERS | own & FOR_STAFF | FOR_SUPERUSERS & FOR_STAFF


@pytest.mark.parametrize("kind", ["nobody", "owner", "key", "granted staff"])
def test_for_others_there_is_nothing_whether_it_is_there_or_not(
    world: Any, kind: str, settings: Any
) -> None:
    settings.STAFF_SECOND_FACTOR = True
    caller, fresh = _asker(kind, world), _ids(world)
    for name, method, path in OPERATIONS:
        if kind == "granted staff" and name in FOR_STAFF:
            continue
        answers = [_ask(caller, name, method, path, ids) for ids in (fresh(), {})]
        told = {(answer.status_code, code_of(answer)) for answer in answers}
        assert len(told) == 1 and told.pop()[0] in (401, 404), (kind, name, told)


@pytest.mark.parametrize("kind", ["superuser", "granted staff"])
def test_staff_may_all_that_is_theirs(world: Any, kind: str, settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = True
    caller, fresh = _asker(kind, world), _ids(world)
    for name, method, path in OPERATIONS:
        if kind == "granted staff" and name not in FOR_STAFF:
            continue
        answer = _ask(caller, name, method, path, fresh())
        refused = answer.status_code in (401, 403, 404) or answer.status_code >= 500
        assert not refused, (name, answer.status_code, answer.content)
        if "{" in path:
            assert _ask(caller, name, method, path, {}).status_code in (404, 422), name
