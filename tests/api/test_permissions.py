"""Every operation as every role: the table says who may, and this asks."""

from collections.abc import Callable
from typing import Any

import pytest

from tenants.permissions import RANK, ROLES, Permission
from tests import factories
from tests.api import contract
from tests.api.caller import PREFIX, Caller, code_of
from tests.api.conftest import key_caller
from tests.api.permission_table import BODIES, LOWEST_ROLE

OPERATIONS = [(o["operationId"], method, path) for method, path, o in contract.operations()]


def call(caller: Caller, name: str, method: str, path: str, ids: dict[str, str]) -> Any:
    if name == "media_upload":
        return caller.upload(b"x", "x.txt", "text/plain")
    parts = [ids.get(p, "0" * 24) if p.startswith("{") else p
             for p in path.removeprefix(PREFIX).split("/")]  # fmt: skip
    return caller.call(method, "/".join(parts), body=BODIES.get(name))


def test_the_table_knows_every_operation() -> None:
    assert {name for name, _, _ in OPERATIONS} == set(LOWEST_ROLE)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_what_the_table_says_and_nothing_else(
    world: Any, as_role: Callable[[str], Caller], role: str, settings: Any
) -> None:
    settings.META_GRAPH_URL = "http://127.0.0.1:9"
    caller = as_role(role)
    with factories.inside(world):
        ids = {"{member_id}": world.owner.pk}
    for name, method, path in OPERATIONS:
        lowest = LOWEST_ROLE[name]
        answer = call(caller, name, method, path, ids)
        refused = answer.status_code == 403 and code_of(answer) == "permission_denied"
        may = lowest is None or RANK[role] >= RANK[lowest]
        assert refused == (not may), f"{role} {name}: {answer.status_code} {answer.content!r}"
    with factories.inside(world):
        world.owner.refresh_from_db()
    if role != "owner":
        assert (world.owner.role, world.owner.status) == ("owner", "active")


def test_a_key_without_scopes_for_it_may_nothing(world: Any) -> None:
    caller, _ = key_caller(world, ["tenant:manage"])
    free = {"me_get"}
    for name, method, path in OPERATIONS:
        if name in free or LOWEST_ROLE[name] is None or name.startswith("tenant_"):
            continue
        answer = call(caller, name, method, path, {"{member_id}": world.owner.pk})
        assert (answer.status_code, code_of(answer)) == (403, "permission_denied"), name


def test_what_the_schema_says_of_permissions_is_what_is_asked(world: Any) -> None:
    for _, path, operation in contract.operations():
        *_, allowed = operation["description"].split("\n\n")
        named = {str(p) for p in Permission if f"`{p}`" in allowed}
        lowest = LOWEST_ROLE[operation["operationId"]]
        if lowest is None or not named:
            continue
        assert named <= ROLES[lowest], path


def test_a_member_changes_their_own_availability_and_nothing_else(
    world: Any, as_role: Callable[[str], Caller]
) -> None:
    viewer = as_role("viewer")
    path = f"members/{viewer.get('me').json()['id']}"
    assert viewer.patch(path, {"availability": "away"}).json()["availability"] == "away"
    for change in (
        {"role": "owner"},
        {"status": "disabled"},
        {"availability": "away", "role": "agent"},
    ):
        assert code_of(viewer.patch(path, change)) == "permission_denied"
    assert viewer.get(path).json()["role"] == "viewer"


def test_nobody_gives_more_than_they_hold(world: Any, as_role: Callable[[str], Caller]) -> None:
    admin, email = as_role("admin"), factories.person().email
    refused = admin.post("members", {"email": email, "role": "owner"})
    assert (refused.status_code, code_of(refused)) == (403, "role_too_high")
    assert code_of(admin.patch(f"members/{world.owner.pk}", {"role": "viewer"})) == "role_too_high"
    assert code_of(admin.delete(f"members/{world.owner.pk}")) == "role_too_high"
    machine, _ = key_caller(world, ["api_keys:manage"])
    assert machine.post("api-keys", {"name": "k", "scopes": ["api_keys:manage"]}).status_code == 403


def test_the_last_owner_stays(world: Any, owner: Caller) -> None:
    for answer in (owner.delete(f"members/{world.owner.pk}"),
                   owner.patch(f"members/{world.owner.pk}", {"role": "admin"}),
                   owner.patch(f"members/{world.owner.pk}", {"status": "disabled"})):  # fmt: skip
        assert (answer.status_code, code_of(answer)) == (409, "last_owner")
    assert owner.get("me").json()["role"] == "owner"
