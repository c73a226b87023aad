"""The ring is rotated while values are sealed and opened: none fails, and it can be taken up again."""

import threading
import time
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from kernel import vault
from kernel.envelope import EnvelopeError, new_ring_entry
from kernel.models import TenantKey
from kernel.scoping import tenant_scope
from kernel.scoping.context import outside_scope
from tests.factories import ChannelCredential, channel

READERS = 4


@pytest.fixture(autouse=True)
def _fresh_ring(_database_open, settings):
    """Whatever ring a test ends with, the one of all tests opens the platform's keys afterwards."""
    before = settings.KEY_RING
    vault.key_ring.cache_clear()
    yield
    added = [entry for entry in settings.KEY_RING.split(",") if entry not in before.split(",")]
    settings.KEY_RING = ",".join([before, *filter(None, added)])
    vault.key_ring.cache_clear()
    with outside_scope():
        vault.rewrap_platform_keys()
    settings.KEY_RING = before
    vault.key_ring.cache_clear()
    vault._wrapped.clear()


class Reader(threading.Thread):
    """Opens and seals a tenant's values without pause; counts what went well and what did not."""

    def __init__(self, world, stopped):
        super().__init__()
        self.world, self.stopped, self.opened, self.failed = world, stopped, 0, []

    def run(self):
        with tenant_scope(self.world.tenant):
            row = ChannelCredential.objects.get()
            while not self.stopped.is_set():
                try:
                    row.access_token = vault.seal_field(row, "access_token", f"EAA-{self.opened}")
                    vault._wrapped.clear()
                    assert vault.open_field(row, "access_token") == f"EAA-{self.opened}"
                    self.opened += 1
                except (EnvelopeError, vault.NoDataKey, AssertionError) as error:
                    self.failed.append(repr(error))
        connection.close()


def rotate():
    out = StringIO()
    with outside_scope():
        call_command("rotate_keys", stdout=out, stderr=out)
    return out.getvalue()


def test_rotating_under_load_fails_no_decryption(new_tenant, settings):
    """In the order that operations.md tells: known everywhere first, then current, then alone."""
    worlds, stopped = [new_tenant() for _ in range(READERS)], threading.Event()
    for world in worlds:
        with tenant_scope(world.tenant):
            channel(token="EAA-0")
    readers = [Reader(world, stopped) for world in worlds]
    for reader in readers:
        reader.start()
    old = settings.KEY_RING
    for round_ in range(3):
        new = new_ring_entry(f"r{round_}{time.time_ns() % 10**6}")
        for ring in (f"{old},{new}", f"{new},{old}"):
            settings.KEY_RING = ring
            vault.key_ring.cache_clear()
            time.sleep(0.3)
        rotators = [threading.Thread(target=rotate) for _ in range(2)]
        for rotator in rotators:
            rotator.start()
        for rotator in rotators:
            rotator.join()
        old = settings.KEY_RING
    stopped.set()
    for reader in readers:
        reader.join()
    assert [reader.failed for reader in readers] == [[]] * READERS
    assert all(reader.opened > 10 for reader in readers)
    settings.KEY_RING = settings.KEY_RING.split(",")[0]
    vault.key_ring.cache_clear()
    vault._wrapped.clear()
    for world in worlds:
        with tenant_scope(world.tenant):
            row = ChannelCredential.objects.get()
            assert vault.open_field(row, "access_token") == "EAA-0"
            assert TenantKey.objects.get().ring_key == vault.key_ring().current


def test_a_rotation_that_was_interrupted_goes_on(new_tenant, settings, monkeypatch):
    worlds = [new_tenant() for _ in range(3)]
    settings.KEY_RING = f"{new_ring_entry('resumed')},{settings.KEY_RING}"
    vault.key_ring.cache_clear()
    real, calls = vault.rewrap_keys, []

    def dies(*args):
        calls.append(args)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return real()

    monkeypatch.setattr("kernel.management.commands.rotate_keys.rewrap_keys", dies)
    with pytest.raises(KeyboardInterrupt):
        rotate()
    monkeypatch.undo()
    settings.KEY_RING = settings.KEY_RING if "resumed" in settings.KEY_RING else ""
    assert "keys are wrapped with" in _resumed(settings)
    for world in worlds:
        with tenant_scope(world.tenant):
            assert TenantKey.objects.get().ring_key == "resumed"


def _resumed(settings):
    out = StringIO()
    with outside_scope():
        try:
            call_command("rotate_keys", stdout=out, stderr=out)
        except SystemExit:  # keys that other tests broke on purpose
            out.write("")
    return out.getvalue()
