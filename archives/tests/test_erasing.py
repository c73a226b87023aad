"""The end of a tenant: asked for, thought better of, carried out, certified."""

import json

import pytest

from accounts.models import User
from archives.errors import ErasureBegun, ErasureNotFound, ErasureOpen, NotConfirmed
from archives.models import Erasure, Import
from archives.selectors import get_erasure
from archives.services import erasing
from archives.services.erasures import ask_erasure, cancel_erasure
from archives.services.exports import ask_export
from archives.tests.lived import exported, fetched, live, places_of, taken_in
from channels.models import ChannelAddress
from kernel.audit.checkpoints import write_checkpoint
from kernel.audit.signing import is_ours
from kernel.models import Lane
from kernel.scoping import tenant_scope
from kernel.work.bell import bell_client
from tenants.errors import PermissionDenied
from tenants.models import Tenant
from tests import factories
from tests.inbound import body, change, post, take_in, text, work_off
from webhooks.models import WebhookDelivery


@pytest.fixture(autouse=True)
def at_once(monkeypatch, settings):
    settings.ERASE_GRACE_DAYS = 0
    monkeypatch.setattr(erasing, "SETTLE_S", 0.0)


def erased(world) -> Erasure:
    """The finished erasure of a world's tenant."""
    with factories.inside(world):
        erasure = ask_erasure(slug=world.tenant.slug)
    while Erasure.objects.get(pk=erasure.pk).is_open:
        work_off("erase")
    return Erasure.objects.get(pk=erasure.pk)


def test_nothing_of_an_erased_tenant_is_found_anywhere(world, new_tenant, tmp_path):
    lived, other = live(world), live(new_tenant("Globex"))
    exported(world)
    with factories.inside(world):
        ask_export()
        write_checkpoint()
        bell_client().set(f"cache:1:t:{world.tenant.pk}:thing", lived.canary)
    both = body(change(lived.channel.external["phone_number_id"], messages=[text(f"{lived.canary} x", of=lived.phone)]),
                change(other.channel.external["phone_number_id"], messages=[text(f"{other.canary} y", of=other.phone)]))  # fmt: skip
    (mixed,) = take_in(both)
    take_in(both)
    waiting = post(
        body(
            change(
                lived.channel.external["phone_number_id"],
                messages=[text(lived.canary, of=lived.phone)],
            )
        )
    )
    erasure = erased(world)
    assert places_of(lived.canary, lived.phone) == {}
    kept = {"erasures"}  # the certificate
    assert set(places_of(world.tenant.pk)) <= kept
    assert "redis b'feed:growth'" in places_of(other.world.tenant.pk)
    assert not Tenant.objects.filter(pk=world.tenant.pk).exists()
    assert not Lane.objects.filter(tenant_id=world.tenant.pk).exists()
    assert not WebhookDelivery.objects.filter(pk=waiting[0]).exists()
    rest = bytes(WebhookDelivery.objects.get(pk=mixed.pk).body)
    assert other.canary.encode() in rest and json.loads(rest)["object"]
    assert erasure.state == Erasure.DONE


def test_the_certificate_says_what_there_was_and_that_it_is_gone(world):
    live(world)
    erasure = erased(world)
    said = erasure.certificate["body"]
    assert is_ours(erasure.certificate)
    assert said["before"]["messages"] == 7 and said["before"]["files"] == 1
    assert set(said["before"]) == set(said["after"]) and not any(said["after"].values())
    assert len(said["audit_head"]["hash"]) == 64 and said["asked_by"] == world.user.pk
    forged = json.loads(json.dumps(erasure.certificate))
    forged["body"]["before"]["messages"] = 0
    assert not is_ours(forged)


def test_who_asked_and_who_oversees_its_tenant_read_it_and_nobody_else(world, new_tenant):
    erasure = erased(world)
    assert get_erasure(erasure.pk, user_id=world.user.pk).certificate
    assert get_erasure(erasure.pk, user_id="", oversees=world.tenant.pk.__eq__).certificate
    with pytest.raises(ErasureNotFound):
        get_erasure(erasure.pk, user_id="", oversees="0".__eq__)
    with pytest.raises(ErasureNotFound):
        get_erasure(erasure.pk, user_id=new_tenant().user.pk)


def test_in_the_grace_period_the_tenant_is_closed_and_an_owner_can_keep_it(world, settings):
    settings.ERASE_GRACE_DAYS = 7
    lived = live(world)
    with factories.inside(world):
        erasure = ask_erasure(slug=world.tenant.slug)
        with pytest.raises(ErasureOpen):
            ask_erasure(slug=world.tenant.slug)
    work_off("erase")
    assert Tenant.objects.get(pk=world.tenant.pk).status == Tenant.SUSPENDED
    with pytest.raises(ErasureNotFound):
        cancel_erasure(erasure_id=erasure.pk, user_id=factories.person().pk)
    cancelled = cancel_erasure(erasure_id=erasure.pk, user_id=world.user.pk)
    assert (cancelled.state, Tenant.objects.get(pk=world.tenant.pk).status) == (
        "cancelled",
        "active",
    )
    Erasure.objects.filter(pk=erasure.pk).update(due_at=erasure.asked_at)
    work_off("erase")
    assert places_of(lived.canary)
    with factories.inside(world):
        assert ask_erasure(slug=world.tenant.slug).pk != erasure.pk


def test_what_has_begun_cannot_be_cancelled(world):
    with factories.inside(world):
        erasure = ask_erasure(slug=world.tenant.slug)
    Erasure.objects.filter(pk=erasure.pk).update(state=Erasure.ERASING)
    with pytest.raises(ErasureBegun):
        cancel_erasure(erasure_id=erasure.pk, user_id=world.user.pk)


def test_an_owner_says_the_slug_and_nobody_else_may(world):
    with factories.inside(world), pytest.raises(NotConfirmed):
        ask_erasure(slug="another")
    with factories.inside(world, "admin"), pytest.raises(PermissionDenied):
        ask_erasure(slug=world.tenant.slug)
    assert Tenant.objects.get(pk=world.tenant.pk).status == Tenant.ACTIVE
    assert not Erasure.objects.filter(erased_tenant_id=world.tenant.pk).exists()


def test_an_address_that_another_tenant_has_by_now_keeps_its_bodies(world, new_tenant):
    lived, other = live(world), new_tenant("Globex")
    number = lived.channel.external["phone_number_id"]
    ChannelAddress.objects.filter(value=number).delete()
    with factories.inside(other):
        factories.channel(phone_number_id=number)
    (kept,) = take_in(body(change(number, messages=[text("hello", of=factories.digits(12))])))
    erased(world)
    assert WebhookDelivery.objects.filter(pk=kept.pk).exists()


def test_erasing_an_imported_tenant_takes_its_placeholders_along(world, tmp_path):
    from tenants.models import Membership

    with factories.inside(world):
        Membership.objects.create(user=factories.person(), role="agent", email="gone@example.test")
    row = taken_in(fetched(exported(live(world).world), tmp_path), world.user)
    with tenant_scope(row.new_tenant_id):
        placeholder = Membership.objects.get(email="gone@example.test").user_id
    world.tenant = Tenant.objects.get(pk=row.new_tenant_id)
    erased(world)
    assert not User.objects.filter(pk=placeholder).exists()
    assert User.objects.filter(pk=world.user.pk).exists()


def test_whoever_imported_an_erased_tenant_is_not_remembered_for_it(world, tmp_path):
    other = taken_in(fetched(exported(live(world, messages=1).world), tmp_path), world.user)
    row = taken_in(fetched(exported(world), tmp_path), world.user)
    world.tenant = Tenant.objects.get(pk=row.new_tenant_id)
    erasure = erased(world)
    assert list(Import.objects.filter(user_id=world.user.pk)) == [other]
    assert set(places_of(row.new_tenant_id, row.slug)) == {"erasures"}
    assert erasure.certificate["body"]["slug"] == row.slug


def test_what_redis_and_the_signed_log_say_of_a_tenant_is_looked_for(world):
    """The search itself: by value, in keys of every type, and in the folder of checkpoints."""
    word, client = f"word{factories.digits(16)}", bell_client()
    name = f"t:{world.tenant.pk}:{{}}"
    client.set(name.format("string"), word)
    client.hset(name.format("hash"), "field", word)
    client.rpush(name.format("list"), word)
    client.sadd(name.format("set"), word)
    client.zadd(name.format("zset"), {word: 1})
    client.xadd(name.format("stream"), {"field": word})
    live(world, messages=1)
    with factories.inside(world):
        write_checkpoint()
    assert len(places_of(word)) == 6
    assert any("/audit/" in path for path in places_of(world.tenant.pk))
    erased(world)
    assert places_of(word) == {} and set(places_of(world.tenant.pk)) == {"erasures"}
