"""Settings: told apart by field, enforced on entry, and never a way to lock oneself out."""

import pytest
from allauth.mfa.models import Authenticator

from kernel.actor import Actor, acting_as
from kernel.models import AuditEntry
from kernel.scoping.context import outside_scope
from tenants.access import acting_as_system
from tenants.errors import (
    AddressNotAllowed,
    EmailDomainNotAllowed,
    InvalidFields,
    PermissionDenied,
    SecondFactorRequired,
    SlugTaken,
)
from tenants.models import Tenant, TenantSettings
from tenants.principals import principal_of_key, principal_of_user
from tenants.services.api_keys import create_api_key
from tenants.services.invitations import invite
from tenants.services.members import add_member, change_member
from tenants.services.settings import change_settings
from tenants.services.tenant import change_tenant
from tests import factories

HERE, ELSEWHERE = "203.0.113.5", "198.51.100.1"


@pytest.fixture
def shop(world):
    with factories.inside(world), acting_as(Actor(kind="member", id=world.owner.pk, ip=HERE)):
        yield world


def refused(**changes):
    before = TenantSettings.objects.values().get(), AuditEntry.objects.count()
    with pytest.raises(InvalidFields) as caught:
        change_settings(**changes)
    assert (TenantSettings.objects.values().get(), AuditEntry.objects.count()) == before
    return [(e["field"], e["code"]) for e in caught.value.errors]


def enters(shop, user=None, ip=HERE):
    with outside_scope():
        return principal_of_user(user or shop.user, shop.tenant.slug, ip)[1]


def with_factor(user):
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})


def test_each_wrong_value_is_told_by_its_field_and_nothing_changes(shop):
    assert refused(
        time_zone="Mars/Olympus", language="klingon", retention_days={"messages": 0, "jokes": 3},
        email_domains=["not a domain"], ip_allow_list=["300.1.1.1", HERE],
    ) == [
        ("time_zone", "unknown"), ("language", "unknown"), ("retention_days.messages", "invalid"),
        ("retention_days.jokes", "unknown"), ("email_domains", "invalid"),
        ("ip_allow_list", "invalid"), ("email_domains", "excludes_you"),
    ]  # fmt: skip


def test_what_is_chosen_is_kept_in_one_form(shop):
    chosen = change_settings(
        time_zone="America/Sao_Paulo", language="PT-BR", email_domains=["@Example.TEST"],
        ip_allow_list=[f"{HERE}/24", f"{HERE}/24"], retention_days={"messages": 365},
    )  # fmt: skip
    assert (chosen.language, chosen.email_domains) == ("pt-br", ["example.test"])
    assert chosen.ip_allow_list == ["203.0.113.0/24"]
    again = change_settings(retention_days={"media": 30, "messages": None})
    assert again.retention_days == {"messages": None, "media": 30}
    entry = AuditEntry.objects.filter(action="settings.changed").order_by("-id").first()
    assert list(entry.changes) == ["retention_days"]
    with factories.inside(shop, "supervisor"), pytest.raises(PermissionDenied):
        change_settings(reopen_hours=1)


def test_nobody_locks_themselves_out(shop):
    assert refused(ip_allow_list=["198.51.100.0/24"]) == [("ip_allow_list", "excludes_you")]
    assert refused(email_domains=["example.com"]) == [("email_domains", "excludes_you")]
    assert refused(second_factor_required=True) == [("second_factor_required", "excludes_you")]
    with acting_as_system():
        assert change_settings(ip_allow_list=["198.51.100.0/24"]).ip_allow_list


def test_people_and_keys_enter_from_the_allowed_networks_alone(shop):
    _, text = create_api_key(name="k", scopes=["contacts:read"])
    change_settings(ip_allow_list=["203.0.113.0/24", "2001:db8::/32"])
    for ip in (HERE, "2001:db8::1", f"::ffff:{HERE}"):
        assert enters(shop, ip=ip).role == "owner"
        with outside_scope():
            principal_of_key(text, ip)
    for ip in (ELSEWHERE, "", "nonsense", "2001:db9::1"):
        with pytest.raises(AddressNotAllowed):
            enters(shop, ip=ip)
        with outside_scope(), pytest.raises(AddressNotAllowed):
            principal_of_key(text, ip)
    change_settings(ip_allow_list=[])
    assert enters(shop, ip=ELSEWHERE).role == "owner"


def test_a_second_factor_is_asked_of_people_and_not_of_keys(shop):
    member = add_member(email=factories.person().email, role="agent")
    _, text = create_api_key(name="k", scopes=["contacts:read"])
    with_factor(shop.user)
    change_settings(second_factor_required=True)
    assert enters(shop).role == "owner"
    with pytest.raises(SecondFactorRequired):
        enters(shop, member.user)
    with_factor(member.user)
    assert enters(shop, member.user).role == "agent"
    with outside_scope():
        assert principal_of_key(text, HERE)[1].kind == "api_key"


def test_addresses_of_other_domains_are_kept_out_everywhere(shop):
    outside = factories.person()
    member = add_member(email=outside.email, role="agent")
    change_settings(email_domains=["example.test"])
    type(outside).objects.filter(pk=outside.pk).update(email=f"x-{outside.pk}@elsewhere.test")
    outside.refresh_from_db()
    with pytest.raises(EmailDomainNotAllowed):
        enters(shop, outside)
    for refused_ in (lambda: add_member(email="a@elsewhere.test", role="agent"),
                     lambda: invite(email="a@sub.example.test", role="agent")):  # fmt: skip
        with pytest.raises(EmailDomainNotAllowed):
            refused_()
    change_member(member_id=member.pk, status="disabled")
    assert change_member(member_id=member.pk, status="active").status == "active"


def test_a_tenant_is_renamed_and_its_old_slug_means_nothing(shop, new_tenant):
    with outside_scope():
        other = new_tenant()
    old = shop.tenant.slug
    with pytest.raises(SlugTaken):
        change_tenant(slug=other.tenant.slug)
    with pytest.raises(InvalidFields):
        change_tenant(slug="Not A Slug")
    renamed = change_tenant(name="Acme Ltd", slug=f"{old}-2")
    assert (renamed.slug, renamed.pk) == (f"{old}-2", shop.tenant.pk)
    assert Tenant.objects.get(pk=shop.tenant.pk).slug == f"{old}-2"
    entry = AuditEntry.objects.filter(action="tenant.changed").get()
    assert entry.changes["slug"] == [old, f"{old}-2"]
