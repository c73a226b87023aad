"""People and keys of two tenants beside each other; every place where an id can be written is in ``tests/probes``."""

from typing import Any

import pytest

from tests import factories
from tests.api.caller import Caller, code_of
from tests.api.conftest import key_caller, signed_in
from tests.api.test_shapes import webhook_event


@pytest.fixture
def foreign(new_tenant: Any) -> dict[str, str]:
    """The ids of one row of each list, in another tenant."""
    other = new_tenant("Globex")
    with factories.inside(other):
        conversation = factories.message().conversation
    _, key = key_caller(other, ["contacts:read"])
    event = webhook_event(other, conversation.channel, state="dead", open=False)
    return {
        "channel": conversation.channel_id, "contact": conversation.contact_id,
        "conversation": conversation.pk, "member": other.owner.pk, "key": key.pk, "event": event.pk,
    }  # fmt: skip


def test_a_key_of_another_tenant_finds_nothing_here(
    world: Any, thread: Any, new_tenant: Any
) -> None:
    from tenants.permissions import Permission

    stranger, _ = key_caller(new_tenant(), [str(p) for p in Permission])
    assert stranger.get(f"conversations/{thread.pk}").status_code == 404
    assert stranger.get("conversations").json()["results"] == []
    # Naming the tenant does not help a key: it belongs to its own.
    named = {"X-Tenant": world.tenant.slug}
    assert stranger.get(f"conversations/{thread.pk}", named).status_code == 404
    assert stranger.get("me", named).json()["tenant"]["id"] != world.tenant.pk


def test_lists_hold_only_what_is_here(world: Any, foreign: dict[str, str], owner: Caller) -> None:
    for path in ("contacts", "conversations", "channels", "members", "api-keys", "webhook-events"):
        assert not set(foreign.values()) & {r["id"] for r in owner.get(path).json()["results"]}


def test_a_persons_tenants_do_not_mix(world: Any, new_tenant: Any) -> None:
    from tenants.services.members import add_member

    second = new_tenant("Globex")
    with factories.inside(second):
        add_member(email=world.user.email, role="viewer")
        contact = factories.contact()
    here, there = signed_in(world.user, world.tenant), signed_in(world.user, second.tenant)
    assert here.get(f"contacts/{contact.pk}").status_code == 404
    assert there.get(f"contacts/{contact.pk}").status_code == 200
    assert code_of(there.patch(f"contacts/{contact.pk}", {"name": "x"})) == "permission_denied"
