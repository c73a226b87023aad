"""A tenant is moved: written, checked, taken in beside the original, compared."""

import json
import re
import tarfile
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage

from archives.carried import LEFT_OUT, carried
from archives.comparing import compare
from archives.errors import ExportRunning
from archives.models import Import
from archives.services.exports import ask_export, cancel_export
from archives.tests.lived import exported, fetched, live, places_of, taken_in
from channels.models import Channel, ChannelAddress, ChannelCredential
from conversations.models import Conversation
from kernel.audit.chain import verify
from kernel.models import AuditEntry, DomainEvent
from kernel.scoping import tenant_scope
from kernel.scoping.registry import owned_models
from messaging.models import Attachment, Message
from tenants.models import Impersonation, Membership, StaffGrant, Tenant, Usage
from tenants.services.limits import charge
from tests import factories
from tests.inbound import work_off


@pytest.fixture
def lived(world):
    return live(world)


def test_an_archive_holds_everything_but_secrets(lived, tmp_path):
    export = exported(lived.world)
    assert (export.phase, export.running, export.counts["messages"]) == ("ready", False, 7)
    with tarfile.open(fetched(export, tmp_path)) as archive:
        names = archive.getnames()
        manifest = json.load(archive.extractfile("manifest.json"))
        whole = b"".join(archive.extractfile(name).read() for name in names if "files/" in name)
    assert manifest["collections"] == export.counts
    assert manifest["files"]["bytes"] > 0 and export.file_count == 1
    assert lived.canary.encode() in whole
    tables = {m._meta.db_table for m in owned_models().values() if m._meta.label in LEFT_OUT}
    assert not {name.split("/")[1] for name in names if "/" in name} & tables
    assert {"channel_credentials", "tenant_keys", "api_keys"} <= tables


def test_every_model_is_carried_or_left_out_and_no_secret_is_carried():
    labels = {m._meta.label for m in owned_models().values()}
    assert set(LEFT_OUT) <= labels
    assert {m._meta.label for m in carried()} == labels - set(LEFT_OUT)
    secret = re.compile(r"secret|token|password|digest|wrapped|private|sealed")
    suspicious = {f"{m._meta.label}.{f.column}" for m in carried() for f in m._meta.concrete_fields
                  if secret.search(f.column)}  # fmt: skip
    assert suspicious == set()


def test_a_tenant_is_taken_in_beside_the_original_twice_and_compares_equal(lived, tmp_path):
    path = fetched(exported(lived.world), tmp_path)
    for _ in range(2):
        row = taken_in(path, lived.world.user)
        assert (row.phase, row.problem) == (Import.DONE, "")
        lines = {
            line.collection: line for line in compare(lived.world.tenant.pk, row.new_tenant_id)
        }
        differs = {name for name, line in lines.items() if not line.is_same}
        # The new tenant's own first facts are beside those that it brought.
        assert differs <= {"domain_events"}, [lines[name] for name in differs]
        assert lines["messages (words)"].first


def test_what_is_taken_in_keeps_order_numbers_times_and_leads_nowhere_else(lived, tmp_path):
    path = fetched(exported(lived.world), tmp_path)
    row = taken_in(path, lived.world.user)
    with factories.inside(lived.world):
        before = list(Message.objects.order_by("id").values_list("text", "seq", "created_at"))
        talk = Conversation.objects.get()
        events = list(
            DomainEvent.objects.filter(number__gt=0)
            .order_by("number")
            .values_list("number", "type")
        )
    with tenant_scope(row.new_tenant_id):
        assert (
            list(Message.objects.order_by("id").values_list("text", "seq", "created_at")) == before
        )
        again = Conversation.objects.get()
        assert (again.number, again.last_message["preview"]) == (
            talk.number,
            talk.last_message["preview"],
        )
        assert Message.objects.filter(pk=again.last_message["id"]).exists()
        assert again.assignee.user_id == lived.world.user.pk and again.assignee.role == "owner"
        taken = list(
            DomainEvent.objects.filter(number__gt=0)
            .order_by("number")
            .values_list("number", "type")
        )
        assert taken[: len(events)] == events
        file = Attachment.objects.get(media_state="stored")
        assert file.path.startswith(row.new_tenant_id) and default_storage.exists(file.path)
    ids = [lived.contact.pk, lived.conversation.pk, lived.channel.pk, lived.world.owner.pk]
    assert places_of(*ids, tenant_id=row.new_tenant_id) == {}


def test_channels_arrive_disconnected_and_addresses_stay_with_their_owner(lived, tmp_path):
    row = taken_in(fetched(exported(lived.world), tmp_path), lived.world.user)
    with tenant_scope(row.new_tenant_id):
        channel = Channel.objects.get()
        assert channel.status == Channel.BROKEN and "reconnect" in channel.status_reason
        assert not ChannelCredential.objects.exists()
    assert not ChannelAddress.objects.filter(tenant_id=row.new_tenant_id).exists()
    assert ChannelAddress.objects.filter(tenant_id=lived.world.tenant.pk).exists()


def test_the_new_audit_log_begins_with_the_head_of_the_origins(lived, tmp_path):
    path = fetched(exported(lived.world), tmp_path)
    row = taken_in(path, lived.world.user)
    with factories.inside(lived.world):
        head = AuditEntry.objects.filter(hash=row.report["audit"]["hash"]).get()
    work_off("relay")
    with tenant_scope(row.new_tenant_id):
        first = AuditEntry.objects.get(seq=1)
        assert first.action == "tenant.imported"
        assert first.changes["origin_hash"][1] == head.hash
        assert list(verify()) == []
    folders, _ = default_storage.listdir(f"{row.new_tenant_id}/origin")
    assert folders == ["audit_log"]


def test_one_export_at_a_time_and_a_cancelled_one_leaves_no_file(lived):
    with factories.inside(lived.world):
        export = ask_export()
        with pytest.raises(ExportRunning):
            ask_export()
        cancel_export(export_id=export.pk)
    work_off("export")
    with factories.inside(lived.world):
        export.refresh_from_db()
        assert (export.phase, export.open) == ("cancelled", False)
        ask_export()


def test_an_export_removes_itself_when_its_time_is_over(lived, settings):
    settings.EXPORT_KEPT_DAYS = 0
    export = exported(lived.world)
    work_off("export")
    with factories.inside(lived.world):
        export.refresh_from_db()
    assert (export.phase, export.path) == ("expired", "")
    assert not default_storage.exists(f"{lived.world.tenant.pk}/exports/{export.pk}.tar")


def test_the_new_tenant_is_closed_until_all_of_it_is_there(lived, tmp_path):
    from archives.services.importing import turn
    from archives.services.imports import begin_import

    path = fetched(exported(lived.world), tmp_path)
    row = begin_import(
        person=lived.world.user, path=path, slug=f"i-{factories.digits(9)}", at_once=True
    )
    statuses = []
    while turn(row):
        statuses += Tenant.objects.filter(pk=row.new_tenant_id).values_list("status", flat=True)
    assert set(statuses) == {"suspended"}
    assert Tenant.objects.get(pk=row.new_tenant_id).status == "active"


def test_who_was_let_in_and_what_was_used_there_is_not_taken_in(lived, tmp_path):
    """A grant here is a superuser's of this installation; what is used is counted of the files."""
    staff = factories.person(is_staff=True)
    with factories.inside(lived.world):
        member = Membership.objects.first()
        until = lived.contact.created_at + timedelta(days=1)
        StaffGrant.objects.create(user=staff, email=staff.email, reason="a look", granted_by_id=staff.pk,
                                  granted_by="root", expires_at=until)  # fmt: skip
        Impersonation.objects.create(user=staff, email=staff.email, member=member, reason="a look",
                                     expires_at=until)  # fmt: skip
        charge("storage_bytes", 7)
        size = Attachment.objects.get(media_state="stored").size
    path = fetched(exported(lived.world), tmp_path)
    with tarfile.open(path) as archive:
        names = " ".join(archive.getnames())
    assert not [t for t in ("staff_grants", "impersonations", "tenant_usage") if t in names]
    row = taken_in(path, lived.world.user)
    with tenant_scope(row.new_tenant_id):
        assert not StaffGrant.objects.exists() and not Impersonation.objects.exists()
        assert Usage.objects.get(name="storage_bytes").value == size
