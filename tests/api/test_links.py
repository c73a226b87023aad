"""A signed link opens for whom it was made, for as long as that one may read what it opens."""

from typing import Any

import pytest

from archives.tests.lived import live
from kernel.models import AuditEntry
from kernel.scoping import tenant_scope
from messaging.media.links import link_to
from messaging.models import Attachment
from tenants.models import ApiKey, Membership, Role, Tenant
from tests import factories
from tests.api.caller import Caller, code_of
from tests.api.conftest import key_caller, member
from tests.inbound import work_off


def followed(url: str) -> tuple[int, str]:
    answer = Caller().client.get("/api/v1/" + url.split("/api/v1/")[1])
    return answer.status_code, "" if answer.status_code == 200 else code_of(answer)


@pytest.fixture
def file(world: Any) -> str:
    """A file that a customer sent."""
    live(world, messages=1)
    with factories.inside(world):
        return str(Attachment.objects.get(media_state="stored").pk)


def test_a_members_link_ends_with_the_membership(world: Any, file: str) -> None:
    caller, one = member(world, "agent")
    url = caller.get(f"media/{file}").json()["url"]
    assert followed(url) == (200, "")
    with factories.inside(world):
        Membership.objects.filter(pk=one.pk).update(status=Membership.DISABLED)
    assert followed(url) == (404, "media_not_found")


def test_a_link_ends_with_what_its_reader_may_see(world: Any, file: str) -> None:
    with factories.inside(world):
        role = Role.objects.create(
            key="r-own", name="Own", permissions=["conversations:read_assigned"]
        )
    caller, one = member(world, "agent")
    url = caller.get(f"media/{file}").json()["url"]
    with factories.inside(world):
        Membership.objects.filter(pk=one.pk).update(role=role.key)
    assert followed(url) == (404, "media_not_found")


def test_a_keys_link_ends_with_the_key(world: Any, file: str) -> None:
    caller, _ = key_caller(world, scopes=["conversations:read_all"])
    url = caller.get(f"media/{file}").json()["url"]
    assert followed(url) == (200, "")
    with factories.inside(world):
        ApiKey.objects.update(revoked_at=world.tenant.created_at)
    assert followed(url) == (404, "media_not_found")


def test_a_link_is_followed_from_the_tenants_networks_but_by_providers(
    world: Any, owner: Caller, file: str
) -> None:
    url = owner.get(f"media/{file}").json()["url"]
    with tenant_scope(world.tenant):
        providers = link_to(file)
    Tenant.objects.filter(pk=world.tenant.pk).update(entry={"networks": ["192.0.2.0/24"]})
    assert followed(url) == (403, "address_not_allowed")
    assert followed(providers) == (200, "")


def test_an_exports_link_is_its_readers_and_the_log_names_them(world: Any) -> None:
    live(world, messages=1)
    caller, one = member(world, "admin")
    made = caller.call("post", "tenant/exports").json()["id"]
    work_off("export")
    url = caller.call("get", f"tenant/exports/{made}").json()["url"]
    assert followed(url) == (200, "")
    with factories.inside(world):
        entry = AuditEntry.objects.get(action="export.fetched")
        assert (entry.actor_kind, entry.actor_id, entry.ip) == ("member", one.pk, "127.0.0.1")
        Membership.objects.filter(pk=one.pk).update(role="agent")
    assert followed(url) == (404, "export_not_found")
