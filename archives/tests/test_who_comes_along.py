"""An archive makes nobody a member but whoever imports it, and tells nothing about other accounts."""

import re

import pytest
from django.core import mail as outbox

from accounts.models import User
from archives.errors import ArchiveTooLarge
from archives.models import Import
from archives.services.imports import ask_import
from archives.tests.lived import exported, fetched, live, taken_in
from kernel.models import Lane
from kernel.scoping import tenant_scope
from kernel.scoping.context import outside_scope
from kernel.work.drain import drain
from tenants.access import acting_as_system
from tenants.errors import InvalidFields, LimitReached
from tenants.models import Membership, Tenant
from tenants.services.invitations import invite
from tenants.services.joining import accept_invitation
from tenants.services.members import change_member
from tenants.services.tenant import tenants_of
from tests import factories


@pytest.fixture
def archive(world, tmp_path):
    """Of a tenant with an owner, a colleague who has an account, and one whose account is gone."""
    live(world, messages=2)
    with factories.inside(world):
        known = factories.person(name="Ada Known")
        Membership.objects.create(
            user=known, role="owner", email=known.email.upper(), name=known.name
        )
        Membership.objects.create(user=factories.person(), role="agent", email="gone@example.test",
                                  name="Ada Gone")  # fmt: skip
    return fetched(exported(world), tmp_path), known


def test_nobody_becomes_a_member_by_somebody_elses_import(archive, world):
    path, known = archive
    stranger, before = factories.person(), tenants_of(known)
    row = taken_in(path, stranger)
    assert (row.phase, row.problem) == (Import.DONE, "")
    assert (tenants_of(known), [role for _, role in tenants_of(stranger)]) == (before, ["owner"])
    with tenant_scope(row.new_tenant_id):
        shown = {m.email: (m.status, m.user.is_active, m.user.email.endswith(".invalid"), m.availability)
                 for m in Membership.objects.exclude(user_id=stranger.pk)}  # fmt: skip
        assert known.email in shown and "gone@example.test" in shown
        assert set(shown.values()) == {("disabled", False, True, "online")}
        assert row.report["members_to_invite"] == len(shown) == 3
        with acting_as_system():
            for member in Membership.objects.filter(status=Membership.DISABLED):
                with pytest.raises(InvalidFields):
                    change_member(member_id=member.pk, status="active")
                member.refresh_from_db()
                assert member.status == Membership.DISABLED


def test_whoever_accepts_an_invitation_is_the_member_that_the_archive_named(
    archive, world, settings
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    path, known = archive
    row = taken_in(path, world.user)
    outbox.outbox = []
    with tenant_scope(row.new_tenant_id):
        before = Membership.objects.get(email=known.email)
        nobody = before.user_id
        with acting_as_system():
            invite(email=known.email, role="viewer")
        with outside_scope():
            Lane.objects.filter(kind="invite").exclude(tenant_id=row.new_tenant_id).delete()
            drain("invite", seconds=5)
            (letter,) = outbox.outbox
            token = re.search(r"#token=(\S+)", letter.body)[1]
            _, member = accept_invitation(person=known, token=token)
        after = Membership.objects.get(email=known.email)
    assert (member.pk, after.pk, after.user_id) == (before.pk, before.pk, known.pk)
    assert (after.role, after.status, after.name) == ("viewer", "active", "Ada Known")
    assert not User.objects.filter(pk=nobody).exists()


def test_imports_count_among_the_tenants_that_one_person_may_make(archive, world, settings):
    path, _ = archive
    settings.TENANTS_PER_PERSON = 1
    tenants = Tenant.objects.count()
    row = taken_in(path, world.user)
    assert row.phase == Import.REFUSED and "at most 1 tenants" in row.problem
    assert Tenant.objects.count() == tenants

    class Upload:
        size = 1

        def open(self, mode):
            raise AssertionError("nothing is kept of what is refused")

    with pytest.raises(LimitReached):
        ask_import(person=world.user, file=Upload(), slug=f"i-{factories.digits(9)}")
    settings.IMPORT_MAX_BYTES = 0
    with pytest.raises(ArchiveTooLarge):
        ask_import(person=world.user, file=Upload(), slug=f"i-{factories.digits(9)}")
