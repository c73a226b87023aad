"""Ways in which inboxes and chats like this one did leak, each tried here by its name.

The numbers are those of the public advisories; the projects are not ours, the mistakes could be.
"""

from typing import Any

import pytest
from django.test import Client

from crm.models import ContactIdentity
from kernel.work.drain import drain
from messaging.models import Message
from tenants import invitation_token
from tenants.models import Membership
from tenants.permissions import RANK
from tests import factories
from tests.api.caller import PREFIX, Caller, code_of
from tests.api.conftest import key_caller, member, quiet, signed_in
from tests.api.listening import Listening
from tests.probes.conftest import Pair
from tests.probes.positions import operations, path_places
from tests.probes.probing import raw

__all__ = ["quiet"]
SAME = {"X-Request-Id": "the-same-each-time"}


@pytest.fixture
def two(fast: None, new_tenant: Any) -> tuple[Any, Any, Caller]:
    """Two tenants, and the owner of the first."""
    here, there = new_tenant("Acme"), new_tenant("Globex")
    return here, there, signed_in(here.user, here.tenant)


def test_a_number_that_another_tenant_knows_finds_nobody(two: Any) -> None:
    """Chatwoot 15454: a lookup by an external id that fell back to all accounts."""
    here, there, owner = two
    with factories.inside(there):
        contact = factories.contact(phone="5511955501077")
        factories.identity(contact, value="5511955501077")
        row = factories.message(factories.conversation(with_=contact))
    assert owner.get("contacts", phone="5511955501077").json()["results"] == []
    with factories.inside(here):
        assert not Message.objects.filter(external_id=row.external_id).exists()
        assert not ContactIdentity.objects.filter(value="5511955501077").exists()


def test_a_machine_is_held_to_the_same_rules_as_a_person(two: Any) -> None:
    """Chatwoot 15454: an agent bot's token skipped the policy that people go through."""
    here, there, _ = two
    machine, _ = key_caller(here, ["tenant:read"])
    with factories.inside(there):
        foreign = factories.conversation()
    with factories.inside(here):
        own = factories.conversation()
    for id_ in (own.pk, foreign.pk, "0" * 24):
        assert machine.get(f"conversations/{id_}").status_code in (403, 404)
        refused = machine.post(f"conversations/{id_}/messages", {"type": "text", "text": "x"})
        assert code_of(refused) == "permission_denied"


def test_an_invitation_opens_the_tenant_that_wrote_it_and_no_other(two: Any) -> None:
    """Zulip CVE-2017-0910: an invitation of one organization let people into another."""
    from tenants.models import Invitation
    from tenants.services.invitations import invite

    here, there, _ = two
    guest = factories.person()
    with factories.inside(there):
        invitation = invite(email=guest.email, role="agent")
        token, digest = invitation_token.make(there.tenant.pk, invitation.pk)
        Invitation.objects.filter(pk=invitation.pk).update(digest=digest)
    moved = token.replace(there.tenant.pk, here.tenant.pk)
    person = signed_in(guest)
    refused = person.post("invitations/accept", {"token": moved}, **SAME)
    random = person.post(
        "invitations/accept",
        {"token": invitation_token.make(here.tenant.pk, "0" * 24)[0]}, **SAME,
    )  # fmt: skip
    assert (refused.status_code, refused.content) == (404, random.content)
    with factories.inside(here):
        assert not Membership.objects.filter(user_id=guest.pk).exists()
    stranger = signed_in(factories.person())
    assert code_of(stranger.post("invitations/accept", {"token": token})) != "internal_error"
    accepted = person.post("invitations/accept", {"token": token})
    assert accepted.json()["tenant"]["id"] == there.tenant.pk


@pytest.mark.parametrize("role", ["viewer", "agent", "supervisor", "admin"])
def test_nobody_raises_their_own_role(two: Any, role: str) -> None:
    """Zulip CVE-2022-31168: an API call changed a bot's role, by whoever owned the bot."""
    here, _, _ = two
    caller, membership = member(here, role)
    machine, key = key_caller(here, ["members:manage", "roles:manage", "api_keys:manage"])
    for wanted in list(RANK)[RANK[role] + 1 :]:
        for asking in (caller, machine):
            refused = asking.patch(f"members/{membership.pk}", {"role": wanted})
            assert refused.status_code == 403, refused.content
    assert machine.post(f"api-keys/{key.pk}/rotate").status_code == 403
    assert caller.get("me").json()["role"] == role


def test_a_stream_tells_nothing_from_before_or_beside(
    two: Any, quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Zulip CVE-2022-31017: events reached subscribers who may not see the history."""
    monkeypatch.setattr("config.stream.app.HEARTBEAT_S", 0.3)
    here, there, _ = two
    with factories.inside(there):
        factories.message()
    machine, _ = key_caller(here, ["events:read"])
    drain("relay", seconds=5)
    for last in ("0", "999999", "0" * 24):
        with Listening(**machine.headers, Last_Event_ID=last) as stream:
            assert stream.status in (200, 400)
            assert there.tenant.pk not in stream.text
            told = [event for event in stream.events if "type" in event]
            assert not [event for event in told if event["type"].startswith("message.")]


def test_an_export_holds_nothing_of_others_nor_of_what_one_may_not_read(pair: Pair) -> None:
    """Zulip CVE-2022-31134: the "public" export took private attachments along."""
    owner, asked = pair.callers["owner"], 0
    for operation in operations():
        if "export" not in operation.id or operation.method != "get":
            continue
        path = operation.filled({p.name: pair.here.ids[p.model][0] for p in path_places(operation)})
        text = raw(owner.send("get", path)).decode(errors="replace")
        assert [canary for canary in pair.canaries if canary in text] == [], operation.id
        refused = pair.callers["viewer"].send("get", path)
        assert refused.status_code == 403, operation.id
        asked += 1
    assert asked


def test_whoever_was_removed_reads_nothing_more_by_any_way(two: Any) -> None:
    """Zulip GHSA-c9wc-65fh-9x8p: access went on after a removal."""
    from tenants.services.api_keys import create_api_key

    here, _, owner = two
    caller, membership = member(here, "admin")
    with factories.inside(here) as world:
        from dataclasses import replace

        from tenants.access import acting

        as_them = replace(factories.principal(world, "admin"), id=membership.pk,
                          member_id=membership.pk)  # fmt: skip
        with acting(as_them):
            _, text = create_api_key(name="theirs", scopes=["contacts:read"])
    machine = Caller(Authorization=f"Bearer {text}")
    assert caller.get("contacts").status_code == machine.get("contacts").status_code == 200
    assert owner.delete(f"members/{membership.pk}").status_code == 204
    for operation in operations():
        if operation.method == "get" and operation.has_tenant:
            path = operation.filled({p["name"]: "0" * 24 for p in operation.named("path")})
            path = path.removeprefix(PREFIX)
            assert code_of(caller.get(path)) == "tenant_not_found", operation.id
            assert code_of(machine.get(path)) == "invalid_api_key", operation.id
    with Listening(**machine.headers) as stream:
        assert stream.status == 401


def test_what_moved_away_is_read_no_more_where_it_was(two: Any) -> None:
    """Zulip GHSA-478x-rfqr-w4jf: a message that was moved stayed readable from its old place."""
    here, _, owner = two
    scopes = ["conversations:read_assigned", "events:read"]
    machine, _ = key_caller(here, scopes)
    other = member(here, "agent")[1]
    with factories.inside(here):
        conversation = factories.conversation(assignee=here.owner)
        message = factories.message(conversation, attachment_count=1)
        file = factories.item(message_id=message.pk, media_state="stored", mime_type="image/png")
        file.save(force_insert=True)
    paths = (f"conversations/{conversation.pk}", f"conversations/{conversation.pk}/messages",
             f"messages/{message.pk}", f"media/{file.pk}")  # fmt: skip
    assert [machine.get(path).status_code for path in paths] == [200] * 4
    owner.post(f"conversations/{conversation.pk}/assign", {"assignee_id": other.pk})
    assert [machine.get(path).status_code for path in paths] == [404] * 4
    assert machine.get("conversations").json()["results"] == []


@pytest.mark.parametrize("role", ["viewer", "agent"])
def test_what_the_tenant_pays_and_is_bound_by_is_for_those_who_manage_it(
    two: Any, role: str
) -> None:
    """CVE-2026-25741: a billing object that any member could change."""
    here, _, owner = two
    caller, _ = member(here, role)
    before = [owner.get(path).json() for path in ("tenant", "tenant/settings", "roles")]
    for method, path, body in (
        ("patch", "tenant", {"name": "Mine"}), ("patch", "tenant/settings", {"language": "pt"}),
        ("post", "roles", {"name": "mine", "permissions": []}),
        ("post", "api-keys", {"name": "mine", "scopes": ["contacts:read"]}),
    ):  # fmt: skip
        assert code_of(caller.call(method, path, body=body)) == "permission_denied", path
    assert [owner.get(path).json() for path in ("tenant", "tenant/settings", "roles")] == before


def test_a_number_of_another_tenant_is_not_connected_again(two: Any) -> None:
    """Who owns an address is told by an index, not by who asks last; the refusal names nobody."""
    _, there, owner = two
    with factories.inside(there):
        channel = factories.channel()
    body = {"kind": "whatsapp", "phone_number_id": channel.external["phone_number_id"],
            "waba_id": "1", "access_token": "EAAx"}  # fmt: skip
    refused = owner.post("channels", body)
    assert 400 <= refused.status_code < 600 and refused.status_code != 500
    assert there.tenant.pk not in refused.content.decode()
    assert there.tenant.name not in refused.content.decode()
    assert owner.get("channels").json()["results"] == []


def test_a_key_in_an_address_or_a_cookie_opens_nothing(two: Any) -> None:
    """A credential that stands in logs and histories is nobody's."""
    here, _, _ = two
    machine, _ = key_caller(here, ["contacts:read"])
    text = machine.headers["Authorization"].removeprefix("Bearer ")
    client = Client()
    for query in ({"api_key": text}, {"token": text}, {"access_token": text}):
        assert client.get(f"{PREFIX}contacts", query_params=query).status_code == 401
    client.cookies["Authorization"] = f"Bearer {text}"
    client.cookies["sessionid"] = text
    assert client.get(f"{PREFIX}contacts").status_code == 401
