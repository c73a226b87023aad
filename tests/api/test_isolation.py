"""Another tenant's id is exactly as absent as a random one, wherever an id can be written."""

import re
import secrets
from typing import Any

import pytest
from bson import ObjectId
from django.db import connection

from archives.models import ContactErasure, Erasure, Export, Import
from channels.models import ChannelSignIn
from kernel.clock import NEVER
from kernel.mongo.ids import new_id
from kernel.scoping import Reason, tenant_scope, unscoped
from kernel.scoping.registry import owned_models
from tenants.models import Invitation, Role, Team
from tests import factories
from tests.api import contract
from tests.api.caller import PREFIX, Caller, code_of
from tests.api.conftest import key_caller, signed_in
from tests.api.permission_table import BODIES
from tests.api.test_shapes import webhook_event

REQUEST_ID = {"X-Request-Id": "the-same-each-time"}


@pytest.fixture
def foreign(new_tenant: Any) -> dict[str, str]:
    """The ids of one row of each kind, in another tenant."""
    other = new_tenant("Globex")
    with factories.inside(other):
        message = factories.message()
        file = factories.item(media_state="stored", mime_type="image/png")
        file.save(force_insert=True)
        conversation = message.conversation
        team = Team.objects.create(name="Sales")
        role = Role.objects.create(key="r", name="R")
        invitation = Invitation.objects.create(email="i@e.test", role="agent", expires_at=NEVER)
        export = Export.objects.create(lane="x")
        forgotten = ContactErasure.objects.create(lane="x", contact_id=conversation.contact_id)
        sign_in = ChannelSignIn.objects.create(
            kind="instagram", made_by=other.owner.pk, accounts=[], tokens="", expires_at=NEVER
        )
    _, key = key_caller(other, ["contacts:read"])
    event = webhook_event(other, conversation.channel, state="dead", open=False)
    taken = Import.objects.create(user_id=other.user.pk, slug="x", new_tenant_id=new_id(), path="x")
    erasure = Erasure.objects.create(
        erased_tenant_id=new_id(), slug="x", asked_by_id=other.user.pk, due_at=NEVER
    )
    return {
        "export_id": export.pk, "contact_erasure_id": forgotten.pk, "import_id": taken.pk,
        "erasure_id": erasure.pk,
        "channel_id": conversation.channel_id, "contact_id": conversation.contact_id,
        "conversation_id": conversation.pk, "message_id": message.pk, "media_id": file.pk,
        "member_id": other.owner.pk, "key_id": key.pk, "event_id": event.pk, "tenant": other.tenant.pk,
        "sign_in_id": sign_in.pk, "team_id": team.pk,
        "role_id": role.pk, "invitation_id": invitation.pk,
    }  # fmt: skip


WITH_ID = [(m, p, o["operationId"]) for m, p, o in contract.operations() if "{" in p]


def snapshot(foreign: dict[str, str]) -> list[Any]:
    """Every row of the other tenant, as the database has it."""
    database = connection.connection[connection.settings_dict["NAME"]]
    owner = {"tenantId": ObjectId(foreign["tenant"])}
    with unscoped(Reason.AUDIT_INTEGRITY):
        return [list(database[name].find(owner).sort("_id")) for name in sorted(owned_models())]


def test_a_foreign_id_in_a_path_is_a_random_id(owner: Caller, foreign: dict[str, str]) -> None:
    before = snapshot(foreign)
    for method, path, name in WITH_ID:
        wanted = path[path.index("{") + 1 : path.index("}")]
        answers = []
        for id_ in (foreign[wanted], new_id(), secrets.token_hex(12)):
            target = re.sub(
                r"{\w+}", new_id(), path.removeprefix(PREFIX).replace(f"{{{wanted}}}", id_)
            )
            answers.append(owner.call(method, target, body=BODIES.get(name), headers=REQUEST_ID))
        assert [a.status_code for a in answers] == [404, 404, 404], (name, answers[0].content)
        assert answers[0].content == answers[1].content == answers[2].content, name
        assert dict(answers[0].headers).keys() == dict(answers[1].headers).keys()
    assert snapshot(foreign) == before


def test_a_foreign_id_in_a_body_is_a_random_id(
    owner: Caller, thread: Any, foreign: dict[str, str]
) -> None:
    before = snapshot(foreign)
    path = f"conversations/{thread.pk}"
    attempts = [
        (f"{path}/assign", "member_id", lambda i: {"assignee_id": i}),
        (f"{path}/assign", "team_id", lambda i: {"team_id": i}),
        ("api-keys", "channel_id",
         lambda i: {"name": "k", "scopes": ["messages:send"], "channel_ids": [i]}),
        (f"{path}/messages", "message_id", lambda i: {"type": "text", "text": "x", "reply_to_id": i}),
        (f"{path}/messages", "message_id",
         lambda i: {"type": "reaction", "reaction": {"message_id": i, "emoji": "👍"}}),
        (f"{path}/messages", "media_id", lambda i: {"type": "image", "image": {"media_id": i}}),
    ]  # fmt: skip
    for target, kind, body in attempts:
        tried = (foreign[kind], new_id())
        answers = [owner.post(target, body(id_), **REQUEST_ID) for id_ in tried]
        assert answers[0].status_code in (404, 422), (target, answers[0].content)
        said = [a.content.replace(i.encode(), b"") for a, i in zip(answers, tried, strict=True)]
        assert said[0] == said[1]
    assert snapshot(foreign) == before


def test_a_foreign_id_in_a_filter_finds_nothing(owner: Caller, foreign: dict[str, str]) -> None:
    for name, kind in (
        ("channel", "channel_id"),
        ("contact", "contact_id"),
        ("assignee", "member_id"),
        ("team", "team_id"),
    ):
        assert owner.get("conversations", **{name: foreign[kind]}).json()["results"] == []


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


def test_a_file_link_opens_one_file_of_one_tenant(world: Any, foreign: dict[str, str]) -> None:
    from messaging.media.links import link_to

    with tenant_scope(world.tenant):
        path = link_to(foreign["media_id"]).split("/api/v1/")[1]
    assert Caller().get(path).status_code == 404
