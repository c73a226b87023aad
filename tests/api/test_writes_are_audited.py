"""Every unsafe operation that succeeds leaves an entry under its caller's name."""

from typing import Any

import pytest

from kernel.models import AuditEntry
from kernel.mongo.ids import new_id
from kernel.scoping import tenant_scope
from tests import factories
from tests.api import contract
from tests.api.caller import PREFIX, Caller
from tests.api.permission_table import BODIES
from tests.api.test_shapes import webhook_event

UNSAFE = [(o["operationId"], m, p) for m, p, o in contract.operations() if m != "get"]
EXEMPT = {
    "channels_test": "looks at the provider; what it changes of the channel's state is an entry",
    "conversations_read": "one's own mark of what one has read, with every click",
    "channels_sign_in_instagram": "gives an address to go to; coming back from there is an entry",
    "tenants_create": "its entries are those of the new tenant",
}
# Those that this test is known to bring to success: a change must not silently take one out.
REACHED = {
    "tenant_change", "tenant_settings_change", "members_change", "members_remove",
    "api_keys_create", "api_keys_revoke", "contacts_change", "conversations_change",
    "conversations_assign", "messages_send", "media_upload", "webhook_events_replay",
}  # fmt: skip
# Where the table's body would change nothing.
CHANGING: dict[str, dict[str, object]] = {"conversations_assign": {"assignee_id": "me"}}
LAST = ("remove", "revoke", "delete", "erase", "close", "suspend", "pause")


@pytest.fixture
def ids(world: Any, owner: Caller, thread: Any) -> dict[str, str]:
    """A row of the tenant for each name that a path may have."""
    person = factories.person()
    with factories.inside(world):
        from tenants.services.api_keys import create_api_key
        from tenants.services.members import add_member

        member = add_member(email=person.email, role="agent")
        key, _ = create_api_key(name="k", scopes=["tenant:read"])
        template = factories.template(thread.channel)
    event = webhook_event(world, thread.channel, state="dead", open=False)
    return {"member_id": member.pk, "key_id": key.pk, "channel_id": thread.channel_id,
            "contact_id": thread.contact_id, "conversation_id": thread.pk,
            "template_id": template.pk, "event_id": event.pk}  # fmt: skip


def called(caller: Caller, name: str, method: str, path: str, ids: dict[str, str]) -> Any:
    if name == "media_upload":
        return caller.upload(b"x", "x.txt", "text/plain")
    parts = [ids.get(p.strip("{}"), new_id()) if p.startswith("{") else p
             for p in path.removeprefix(PREFIX).split("/")]  # fmt: skip
    body = CHANGING.get(name) or dict(BODIES.get(name, {}))
    if "email" in body:
        body["email"] = factories.person().email
    return caller.call(method, "/".join(parts), body=body)


def test_what_succeeds_is_an_entry_of_its_caller(
    world: Any, owner: Caller, ids: dict[str, str], settings: Any
) -> None:
    settings.META_GRAPH_URL = "http://127.0.0.1:9"
    reached, silent = set(), []
    for name, method, path in sorted(UNSAFE, key=lambda op: op[0].endswith(LAST)):
        with tenant_scope(world.tenant):
            before = set(AuditEntry.objects.values_list("id", flat=True))
        answer = called(owner, name, method, path, ids)
        if answer.status_code >= 300 or name in EXEMPT:
            continue
        reached.add(name)
        with tenant_scope(world.tenant):
            new = AuditEntry.objects.exclude(id__in=before)
            mine = [e for e in new if e.actor_id == world.owner.pk and "refused" not in e.action]
        if not mine or not all(entry.request_id for entry in mine):
            silent.append(name)
    assert silent == [], "changed something, and nobody can tell who did"
    assert REACHED - reached == set(), "no longer brought to success here"
