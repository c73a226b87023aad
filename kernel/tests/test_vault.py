"""Sealed values open in their own place only, and outlive the rotation of the ring."""

import secrets
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from kernel import vault
from kernel.envelope import Tampered, UnknownKey, new_ring_entry
from kernel.models import TenantKey
from kernel.scoping import NoActiveTenant, tenant_scope
from kernel.scoping.context import outside_scope
from tests.factories import ChannelCredential, channel

SECRET = "EAA-very-secret"


@pytest.fixture(autouse=True)
def _fresh_ring():
    vault.key_ring.cache_clear()
    yield
    vault.key_ring.cache_clear()


def sealed():
    """A credential whose token is sealed as connecting a channel does."""
    return ChannelCredential.objects.get(channel=channel(token=SECRET))


def test_a_sealed_value_opens_in_its_place_and_is_nowhere_in_the_database(world):
    with tenant_scope(world.tenant):
        row = sealed()
        assert vault.open_field(row, "access_token") == SECRET
        assert SECRET not in row.access_token
        stored = connection.database["channel_credentials"].find_one({"tenantId": row._meta.get_field(
            "tenant").get_db_prep_value(row.tenant_id, connection)})  # fmt: skip
        assert SECRET not in str(stored)


def test_two_seals_of_one_value_differ(world):
    with tenant_scope(world.tenant):
        row = sealed()
        assert vault.seal_field(row, "access_token", SECRET) != vault.seal_field(
            row, "access_token", SECRET
        )
        assert vault.seal_field(row, "access_token", "") == ""
        row.access_token = ""
        assert vault.open_field(row, "access_token") == ""


def test_a_value_moved_to_another_row_or_field_does_not_open(world):
    with tenant_scope(world.tenant):
        one, two = sealed(), sealed()
        two.access_token = one.access_token
        one.app_secret = one.access_token
        for row, field in ((two, "access_token"), (one, "app_secret")):
            with pytest.raises(Tampered):
                vault.open_field(row, field)
        assert vault.open_field(one, "access_token") == SECRET


def test_a_value_moved_to_another_tenant_does_not_open(new_tenant):
    one, two = new_tenant(), new_tenant()
    with tenant_scope(one.tenant):
        token = sealed().access_token
        key = TenantKey.objects.get()
    with tenant_scope(two.tenant):
        row = sealed()
        row.access_token = token
        with pytest.raises(vault.NoDataKey):
            vault.open_field(row, "access_token")
        # Not even together with its data key.
        TenantKey.objects.create(wrapped=key.wrapped, ring_key=key.ring_key)
        mine = TenantKey.objects.order_by("-id").first()
        row.access_token = ".".join(["v1", mine.pk, token.split(".")[2]])
        with pytest.raises(Tampered):
            vault.open_field(row, "access_token")
        mine.delete()


def test_a_changed_value_does_not_open(world):
    with tenant_scope(world.tenant):
        row = sealed()
        whole = row.access_token
        for changed in (
            whole[:-2] + ("AA" if whole[-2:] != "AA" else "BB"),
            whole + "A",
            whole[:-8],
        ):
            row.access_token = changed
            with pytest.raises(Tampered):
                vault.open_field(row, "access_token")


def test_sealing_needs_a_tenant_and_its_key(world):
    with tenant_scope(world.tenant):
        row = sealed()
        TenantKey.objects.all().delete()
        with pytest.raises(vault.NoDataKey):
            vault.open_field(row, "access_token")
        with pytest.raises(vault.NoDataKey):
            vault.seal_field(row, "access_token", SECRET)
    with pytest.raises(NoActiveTenant):
        vault.seal_field(row, "access_token", SECRET)


def rotated(settings, *, keep_old=True):
    """A new key in front of the ring."""
    name = f"k{secrets.token_hex(4)}"
    old, new = settings.KEY_RING, new_ring_entry(name)
    settings.KEY_RING = f"{new},{old}" if keep_old else new
    vault.key_ring.cache_clear()
    return name


def test_rotation_rewraps_keys_and_touches_no_value(world, settings):
    with tenant_scope(world.tenant):
        row = sealed()
        token, before = row.access_token, TenantKey.objects.get()
        name = rotated(settings)
        assert vault.open_field(row, "access_token") == SECRET
        assert vault.rewrap_keys() == 1
        assert vault.rewrap_keys() == 0
        after = TenantKey.objects.get()
        assert (after.ring_key, after.pk) == (name, before.pk)
        assert after.wrapped != before.wrapped
        assert after.rewrapped_at is not None
        settings.KEY_RING = settings.KEY_RING.split(",")[0]
        vault.key_ring.cache_clear()
        row.refresh_from_db()
        assert row.access_token == token
        assert vault.open_field(row, "access_token") == SECRET


def test_a_key_that_left_the_ring_too_soon_is_named_and_nothing_falls_back(world, settings):
    with tenant_scope(world.tenant):
        row = sealed()
        name = TenantKey.objects.get().ring_key
        rotated(settings, keep_old=False)
        with pytest.raises(UnknownKey) as error:
            vault.open_field(row, "access_token")
        assert error.value.key_id == name
        with pytest.raises(UnknownKey):
            vault.seal_field(row, "access_token", SECRET)


def test_a_second_data_key_seals_and_the_first_still_opens(world):
    with tenant_scope(world.tenant):
        row = sealed()
        newest = vault.create_tenant_key()
        again = vault.seal_field(row, "access_token", "newer")
        assert again.split(".")[1] == newest.pk
        assert vault.open_field(row, "access_token") == SECRET
        row.access_token = again
        assert vault.open_field(row, "access_token") == "newer"


def rotate():
    """The command's exit code and what it wrote."""
    out, err = StringIO(), StringIO()
    with outside_scope():
        try:
            call_command("rotate_keys", stdout=out, stderr=err)
        except SystemExit as stop:
            return stop.code, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_the_command_rewraps_every_tenants_keys_and_names_those_that_do_not_open(
    new_tenant, settings
):
    worlds = [new_tenant(), new_tenant(), new_tenant()]
    with tenant_scope(worlds[1].tenant):
        TenantKey.objects.update(wrapped="w1.k1.AAAA")
    name = rotated(settings)
    code, out, err = rotate()
    assert out.splitlines()[-1].endswith(f"keys are wrapped with {name!r} now")
    assert int(out.splitlines()[-1].split()[0]) >= 2
    assert code == 1
    assert f"{worlds[1].tenant.slug}: " in err
    for world, expected in zip(worlds, (True, False, True), strict=True):
        with tenant_scope(world.tenant):
            assert (TenantKey.objects.get().ring_key == name) is expected
    with tenant_scope(worlds[1].tenant):
        TenantKey.objects.all().delete()
    settings.KEY_RING = ",".join(reversed(settings.KEY_RING.split(",")))
    vault.key_ring.cache_clear()
    rotate()
    for world in (worlds[0], worlds[2]):
        with tenant_scope(world.tenant):
            assert TenantKey.objects.get().ring_key != name


PERSON = {"collection": "mfa_authenticator", "object_id": "a" * 24, "field": "secret"}


def test_what_belongs_to_a_person_is_sealed_without_a_tenant_and_for_its_place():
    token = vault.seal_for_platform("JBSWY3DP", **PERSON)
    assert "JBSWY3DP" not in token
    assert vault.open_for_platform(token, **PERSON) == "JBSWY3DP"
    for field, value in (
        ("object_id", "b" * 24), ("collection", "users"), ("field", "codes"),
    ):  # fmt: skip
        with pytest.raises(Tampered):
            vault.open_for_platform(token, **{**PERSON, field: value})
    assert vault.seal_for_platform("", **PERSON) == vault.open_for_platform("", **PERSON) == ""


def test_plain_text_is_refused_where_a_sealed_value_is_due(world):
    with pytest.raises(Tampered):
        vault.open_for_platform("JBSWY3DP", **PERSON)
    with tenant_scope(world.tenant):
        row = sealed()
        row.access_token = SECRET
        with pytest.raises(Tampered):
            vault.open_field(row, "access_token")


def test_the_platforms_keys_are_rotated_too(settings):
    token = vault.seal_for_platform("JBSWY3DP", **PERSON)
    old = settings.KEY_RING
    rotated(settings)
    assert rotate()[0] in (0, 1)  # others' tenants may be broken on purpose
    settings.KEY_RING = settings.KEY_RING.split(",")[0]
    vault.key_ring.cache_clear()
    assert vault.open_for_platform(token, **PERSON) == "JBSWY3DP"
    settings.KEY_RING = f"{old},{settings.KEY_RING}"
    vault.key_ring.cache_clear()
    rotate()
    settings.KEY_RING = old
    vault.key_ring.cache_clear()
    assert vault.is_ring_right()


def test_a_ring_that_does_not_open_what_is_there_is_known(settings):
    vault.seal_for_platform("JBSWY3DP", **PERSON)
    assert vault.is_ring_right()
    name = settings.KEY_RING.split(",")[0].split(":")[0]
    for other in (new_ring_entry("other"), new_ring_entry(name)):  # lost, and another's bytes
        settings.KEY_RING = other
        vault.key_ring.cache_clear()
        assert not vault.is_ring_right()
