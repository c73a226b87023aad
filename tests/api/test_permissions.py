"""Every operation as every role: the table says who may, and this asks."""

from collections.abc import Callable
from typing import Any

import pytest

from config.api.operations import NEEDS
from tenants.models import ApiKey
from tenants.needs import AnyOf
from tenants.permissions import RANK, ROLES, Permission
from tests import factories
from tests.api import contract
from tests.api.caller import Caller, code_of
from tests.api.callers_by_scope import ask, is_refused, key_may, may, needs_of, ways_of, with_scopes
from tests.api.conftest import key_caller
from tests.api.permission_table import ALSO, LOWEST_ROLE

OPERATIONS = [(o["operationId"], method, path) for method, path, o in contract.operations()]


def test_the_table_knows_every_operation() -> None:
    names = {name for name, _, _ in OPERATIONS}
    assert names == set(LOWEST_ROLE)
    assert names <= set(NEEDS) | set(ALSO)


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
        answer = ask(caller, name, method, path, ids)
        refused = is_refused(answer)
        may = lowest is None or RANK[role] >= RANK[lowest]
        assert refused == (not may), f"{role} {name}: {answer.status_code} {answer.content!r}"
    with factories.inside(world):
        world.owner.refresh_from_db()
    if role != "owner":
        assert (world.owner.role, world.owner.status) == ("owner", "active")


SOME = {Permission.TENANT_READ}
IN_TENANT = [(n, m, p) for n, m, p in OPERATIONS if LOWEST_ROLE[n] is not None]


@pytest.mark.parametrize("scope", Permission)
def test_a_key_of_one_scope_may_what_that_scope_is_enough_for(
    world: Any, scope: Permission, settings: Any
) -> None:
    settings.META_GRAPH_URL = "http://127.0.0.1:9"
    caller = with_scopes(world, [scope])
    for name, method, path in IN_TENANT:
        answer = ask(caller, name, method, path, {"{member_id}": world.owner.pk})
        where = f"{scope} {name}: {answer.status_code} {answer.content!r}"
        assert is_refused(answer) == (not key_may(name, [scope])), where


def test_every_operation_is_content_with_what_it_needs_and_with_nothing_else(
    world: Any, settings: Any
) -> None:
    """A permission set of one's own: exactly enough passes, all the others together do not."""
    settings.META_GRAPH_URL = "http://127.0.0.1:9"
    cells = 0
    for name, method, path in IN_TENANT:
        ids = {"{member_id}": world.owner.pk}
        for way in ways_of(name):
            refused = is_refused(ask(with_scopes(world, way or SOME), name, method, path, ids))
            assert refused == (not key_may(name, way)), (name, way)
            cells += 1
        for need in needs_of(name):
            meeting = set(need.permissions) if isinstance(need, AnyOf) else {need}
            others = with_scopes(world, set(Permission) - meeting)
            assert is_refused(ask(others, name, method, path, ids)), (name, need)
            cells += 1
    print(f"{cells} cells")
    assert cells > 2 * len(IN_TENANT) - 20


def test_the_lowest_role_of_the_table_is_the_lowest_that_holds_what_is_needed() -> None:
    for name, _, _ in IN_TENANT:
        enough = [role for role, held in ROLES.items() if may(name, held)]
        assert enough[0] == LOWEST_ROLE[name], name


def test_what_the_schema_says_of_permissions_is_what_is_asked(world: Any) -> None:
    for _, path, operation in contract.operations():
        *_, allowed = operation["description"].split("\n\n")
        named = {str(p) for p in Permission if f"`{p}`" in allowed}
        one_of_each = operation.get("x-permissions", [])
        lowest = LOWEST_ROLE[operation["operationId"]]
        if lowest is None or not named:
            continue
        assert {p for either in one_of_each for p in either} <= named, path
        assert all(ROLES[lowest] & set(either) for either in one_of_each), path


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


def test_a_key_does_not_change_its_makers_availability(world: Any) -> None:
    machine, _ = key_caller(world, ["contacts:read"])
    path = f"members/{world.owner.pk}"
    assert code_of(machine.patch(path, {"availability": "away"})) == "permission_denied"
    manager, _ = key_caller(world, ["members:manage"])
    assert manager.patch(path, {"availability": "away"}).json()["availability"] == "away"


def test_nobody_gives_more_than_they_hold(world: Any, as_role: Callable[[str], Caller]) -> None:
    admin = as_role("admin")
    refused = admin.post("invitations", {"email": "new@example.test", "role": "owner"})
    assert (refused.status_code, code_of(refused)) == (403, "role_too_high")
    assert code_of(admin.patch(f"members/{world.owner.pk}", {"role": "viewer"})) == "role_too_high"
    assert code_of(admin.delete(f"members/{world.owner.pk}")) == "role_too_high"
    machine, _ = key_caller(world, ["api_keys:manage"])
    assert machine.post("api-keys", {"name": "k", "scopes": ["api_keys:manage"]}).status_code == 403


@pytest.mark.parametrize("role", [role for role in ROLES if role != "owner"])
def test_a_key_is_never_wider_than_its_maker(
    world: Any, as_role: Callable[[str], Caller], role: str
) -> None:
    """Scopes that exist, which somebody else in the tenant holds, one at a time and hidden among one's own."""
    caller, own = as_role(role), sorted(ROLES[role])
    with factories.inside(world):
        before = ApiKey.objects.count()
    for scope in sorted(ROLES["owner"] - ROLES[role]):
        for scopes in ([scope], [*own, scope]):
            refused = caller.post("api-keys", {"name": "k", "scopes": scopes})
            wanted = "scope_too_wide" if "api_keys:manage" in own else "permission_denied"
            assert (refused.status_code, code_of(refused)) == (403, wanted), scopes
    with factories.inside(world):
        assert ApiKey.objects.count() == before


def test_the_last_owner_stays(world: Any, owner: Caller) -> None:
    for answer in (owner.delete(f"members/{world.owner.pk}"),
                   owner.patch(f"members/{world.owner.pk}", {"role": "admin"}),
                   owner.patch(f"members/{world.owner.pk}", {"status": "disabled"})):  # fmt: skip
        assert (answer.status_code, code_of(answer)) == (409, "last_owner")
    assert owner.get("me").json()["role"] == "owner"
