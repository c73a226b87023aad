"""Many at once: no update is lost, and what may exist once exists once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from kernel.models import AuditEntry
from tenants.models import Tenant
from tests import factories
from tests.api.caller import Caller
from tests.api.conftest import member, signed_in, thread

__all__ = ["thread"]
HANDS = 16


def at_once(calls: list[Callable[[], Any]]) -> list[int]:
    """The statuses of calls that are made side by side."""

    def run(call: Callable[[], Any]) -> int:
        try:
            return int(call().status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(HANDS) as pool:
        return list(pool.map(run, calls))


def each_as(caller: Caller, method: str, path: str, body: Any, **headers: str) -> Callable[[], Any]:
    """A call with a client of its own, because a client belongs to one thread."""

    def call() -> Any:
        alone = Caller(**caller.headers)
        alone.client.cookies = caller.client.cookies
        return alone.call(method, path, body=body, headers=headers)

    return call


def test_of_two_hundred_assignments_none_is_lost(fast: None, world: Any, thread: Any) -> None:
    owner = signed_in(world.user, world.tenant)
    wanted = [member(world, "agent")[1].pk for _ in range(2)]
    path = f"conversations/{thread.pk}/assign"
    statuses = at_once([each_as(owner, "post", path, {"assignee_id": wanted[n % 2]})
                        for n in range(200)])  # fmt: skip
    good = statuses.count(200)
    assert set(statuses) <= {200, 409, 412, 503} and good > 100, statuses
    with factories.inside(world):
        thread.refresh_from_db()
        log = AuditEntry.objects.filter(action="conversation.assigned", target_id=thread.pk)
        changes = [entry.changes["assignee"] for entry in log.order_by("id")]
    # Each change begins where another ended: the log tells of every one, and of no other.
    assert len(changes) == thread.version - 1
    assert all(before != after for before, after in changes)
    starts, ends = [before for before, _ in changes], [after for _, after in changes]
    assert sorted([*starts, thread.assignee_id], key=str) == sorted([None, *ends], key=str)


def test_of_two_hundred_who_read_the_same_version_one_wins(
    fast: None, world: Any, thread: Any
) -> None:
    owner = signed_in(world.user, world.tenant)
    path = f"contacts/{thread.contact_id}"
    calls = [each_as(owner, "patch", path, {"name": f"Name {n}"}, **{"If-Match": '"v1"'})
             for n in range(200)]  # fmt: skip
    statuses = at_once(calls)
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 412}
    assert owner.get(path).json()["version"] == 2


def test_changes_of_different_fields_are_both_kept(fast: None, world: Any, thread: Any) -> None:
    owner = signed_in(world.user, world.tenant)
    path = f"contacts/{thread.contact_id}"
    for n in range(10):
        bodies: list[Any] = [{"name": f"Name {n}"}, {"attributes": {"tier": str(n)}}]
        assert at_once([each_as(owner, "patch", path, body) for body in bodies]) == [200, 200]
        shown = owner.get(path).json()
        assert (shown["name"], shown["attributes"]) == (f"Name {n}", {"tier": str(n)})


def test_of_changes_of_one_field_without_a_version_each_is_in_the_log(
    fast: None, world: Any, thread: Any
) -> None:
    """Without ``If-Match`` the last one stands; all of them happened, and the log says so."""
    owner = signed_in(world.user, world.tenant)
    path = f"contacts/{thread.contact_id}"
    calls = [each_as(owner, "patch", path, {"name": f"Name {n}"}) for n in range(40)]
    statuses = at_once(calls)
    good = statuses.count(200)
    assert set(statuses) <= {200, 409, 503} and good > 20, statuses
    shown = owner.get(path).json()
    assert shown["version"] == 1 + good
    assert shown["name"] in {f"Name {n}" for n, status in enumerate(statuses) if status == 200}
    with factories.inside(world):
        log = AuditEntry.objects.filter(action="contact.changed", target_id=thread.contact_id)
        assert log.count() == good


@pytest.mark.parametrize("kind", ["teams", "roles", "invitations"])
def test_what_may_exist_once_is_made_once(fast: None, world: Any, kind: str) -> None:
    owner = signed_in(world.user, world.tenant)
    body = {
        "teams": {"name": "The one"},
        "roles": {"name": "the one", "permissions": ["contacts:read"]},
        "invitations": {"email": f"{factories.digits()}@example.test", "role": "agent"},
    }[kind]
    statuses = at_once([each_as(owner, "post", kind, body) for _ in range(50)])
    assert statuses.count(201) == 1
    assert set(statuses) == {201, 409}


def test_a_slug_is_one_tenants(fast: None, world: Any) -> None:
    person, slug = signed_in(world.user), f"slug-{factories.digits(9)}"
    body = {"name": "Once", "slug": slug}
    statuses = at_once([each_as(person, "post", "tenants", body) for _ in range(50)])
    assert statuses.count(201) == 1
    assert set(statuses) == {201, 409}
    assert Tenant.objects.filter(slug=slug).count() == 1
