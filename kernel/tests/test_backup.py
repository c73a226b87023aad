"""The drill: a backup while the product writes, a restore into an empty database, everything there."""

import gzip
import json
import secrets
import threading
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection

from channels.models import Channel
from kernel import vault
from kernel.audit.chain import verify
from kernel.audit.checkpoints import verify_checkpoints, write_checkpoint
from kernel.backup.manifest import NAME
from kernel.clock import now
from kernel.envelope import new_ring_entry
from kernel.models import AuditEntry
from kernel.scoping import Reason, tenant_scope, unscoped
from kernel.scoping.context import outside_scope
from kernel.work.drain import drain
from tenants.models import ApiKey
from tenants.services.api_keys import create_api_key
from tests import factories
from tests.probes.conftest import figure

__all__ = ["figure"]
SECRET = "EAA-very-secret"
# One write takes no longer, on a machine with much else to do.
WRITE = timedelta(seconds=2)


@pytest.fixture(scope="module")
def source(django_db_setup, django_db_blocker):
    """A migrated database for the drills of this module; the tests' own is too full of others' rows."""
    before, name = connection.settings_dict["NAME"], f"drill_{secrets.token_hex(4)}"
    with django_db_blocker.unblock():
        use(name)
        with unscoped(Reason.MIGRATE):
            call_command("migrate", verbosity=0)
        use(before)
        yield name
        connection.connection.drop_database(name)


def use(name):
    """Let the process work with another database of the server."""
    connection.settings_dict["NAME"] = name
    connection.close_pool()
    connection.ensure_connection()
    vault._wrapped.clear()


@pytest.fixture
def databases(tmp_path, settings):
    """A way from one database to another, with folders for the files of each."""
    before, made = connection.settings_dict["NAME"], []

    def enter(name=""):
        made.append(f"restored_{secrets.token_hex(4)}" if not name else "")
        use(name or made[-1])
        for folder in ("DATA", "MEDIA_ROOT", "SPOOL"):
            setattr(settings, folder, str(tmp_path / (name or made[-1]) / folder.lower()))

    with outside_scope():
        yield enter
    for name in filter(None, made):
        connection.connection.drop_database(name)
    use(before)


@pytest.fixture
def drilled(source, databases, new_tenant):
    """A tenant with a sealed token, a file and a signed chain, in the database of the drills."""
    databases(source)
    world = new_tenant("Drilled")
    with tenant_scope(world.tenant):
        factories.channel(token=SECRET)
        default_storage.save(f"{world.tenant.pk}/a.txt", ContentFile(b"hello"))
    drain("relay")
    with tenant_scope(world.tenant):
        assert write_checkpoint()
    return world


def spooled(settings):
    folder = Path(settings.SPOOL) / "00"
    folder.mkdir(parents=True)
    (folder / "0192.spool").write_bytes(b"acknowledged")


class Writer(threading.Thread):
    """Makes keys, each a row, an audit entry and an event in one transaction, until it is told to stop."""

    def __init__(self, world):
        super().__init__()
        self.world, self.acknowledged, self.stopped = world, [], threading.Event()

    def run(self):
        while not self.stopped.is_set():
            with factories.inside(self.world):
                key, _ = create_api_key(name="drill", scopes=["tenant:read"])
            self.acknowledged.append((now(), key.pk))
        connection.close()


def run(command, *arguments):
    out, err = StringIO(), StringIO()
    call_command(command, *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def indexes():
    return {
        name: {i["name"]: (dict(i["key"]), i.get("unique", False), i.get("partialFilterExpression"))
               for i in connection.database[name].list_indexes()}
        for name in connection.database.list_collection_names()
    }  # fmt: skip


def drill_figure(manifest, backed_up, lost, restored):
    documents = sum(each["documents"] for each in manifest["collections"].values())
    return (f"drill: {documents:,} documents backed up in {backed_up.total_seconds():.1f} s; what was "
            f"written in its last {lost.total_seconds():.1f} s is not in it (RPO); restored and "
            f"verified in {restored.total_seconds():.1f} s (RTO)")  # fmt: skip


def test_a_backup_under_writes_is_of_one_moment_and_comes_back_whole(
    databases, drilled, tmp_path, settings, figure
):
    world = drilled
    spooled(settings)
    folder, before = tmp_path / "backup", indexes()
    writer = Writer(world)
    writer.start()
    while len(writer.acknowledged) < 20:
        writer.stopped.wait(0.01)
    started = now()
    out, _ = run("backup", str(folder))
    ended = now()
    writer.stopped.set()
    writer.join()
    assert "api_keys: " in out
    manifest = json.loads((folder / NAME).read_text())
    assert manifest["cluster_time"] and manifest["ring_keys"]
    assert len(writer.acknowledged) > manifest["collections"]["api_keys"]["documents"]

    databases()
    began = now()
    out, err = run("restore", str(folder))
    restored = now()
    assert f"{world.tenant.slug}: holds" in out
    assert err == ""
    with tenant_scope(world.tenant):
        kept = set(ApiKey.objects.values_list("id", flat=True))
        assert {pk for at, pk in writer.acknowledged if at < started} <= kept
        latest = max(at for at, pk in writer.acknowledged if pk in kept)
        assert latest >= started - WRITE, "the moment it is of is not before it was begun"
        figure(drill_figure(manifest, ended - started, ended - latest, restored - began))
        audited = AuditEntry.objects.filter(action="api_key.created")
        assert set(audited.values_list("target_id", flat=True)) == kept, "no half transaction"
        assert list(verify()) == list(verify_checkpoints()) == []
        row = factories.ChannelCredential.objects.get()
        assert vault.open_field(row, "access_token") == SECRET
        assert Channel.objects.get().status == Channel.PAUSED
        with default_storage.open(f"{world.tenant.pk}/a.txt") as file:
            assert file.read() == b"hello"
    assert (Path(settings.SPOOL) / "restored" / "0192.spool").read_bytes() == b"acknowledged"
    assert indexes() == before


def test_what_cannot_be_restored_is_refused_before_anything_is_touched(
    databases, drilled, tmp_path, settings
):
    folder = tmp_path / "backup"
    run("backup", str(folder))
    with pytest.raises(CommandError, match="there already"):
        run("backup", str(folder))
    with pytest.raises(CommandError, match="not empty"):
        run("restore", str(folder))

    databases()
    ring = settings.KEY_RING
    settings.KEY_RING = new_ring_entry("other")
    vault.key_ring.cache_clear()
    with pytest.raises(CommandError, match="the key ring lacks"):
        run("restore", str(folder))
    settings.KEY_RING = ring
    vault.key_ring.cache_clear()
    dumped = folder / "database" / "tenants.bson.gz"
    whole = dumped.read_bytes()
    dumped.write_bytes(gzip.compress(b"forged"))
    with pytest.raises(CommandError, match=r"tenants.bson.gz was changed"):
        run("restore", str(folder))
    dumped.unlink()
    with pytest.raises(CommandError, match=r"tenants.bson.gz is missing"):
        run("restore", str(folder))
    assert connection.database.list_collection_names() == []
    dumped.write_bytes(whole)
    run("restore", str(folder), "--go-on-sending")
    with tenant_scope(drilled.tenant):
        assert Channel.objects.get().status == Channel.ACTIVE


def test_a_backup_alone_opens_nothing(drilled, tmp_path, settings):
    folder = tmp_path / "backup"
    run("backup", str(folder))
    texts = [gzip.decompress(p.read_bytes()) for p in (folder / "database").iterdir()]
    texts += [p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.suffix != ".gz"]
    secret = [SECRET, settings.SECRET_KEY, settings.KEY_PEPPER, *(
        entry.split(":")[1] for entry in settings.KEY_RING.split(","))]  # fmt: skip
    assert len(texts) > 20
    assert [s for s in secret if any(s.encode() in text for text in texts)] == []
    assert oct(folder.stat().st_mode & 0o777) == oct(0o700)
