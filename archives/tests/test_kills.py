"""Killed in the middle, again and again: what was begun is finished, and nothing is torn."""

import shutil

import pytest

from archives import gathering
from archives.comparing import compare
from archives.models import Import
from archives.services import erasing, exporting, importing
from archives.services.erasures import ask_erasure
from archives.services.exports import ask_export
from archives.services.imports import begin_import
from archives.tests.killing import until_done
from archives.tests.lived import exported, fetched, live, places_of, taken_in
from kernel.archive.reader import Reader
from kernel.mongo.transactions import run_transaction
from tests import factories


@pytest.fixture(autouse=True)
def short_turns(monkeypatch):
    for module in (exporting, erasing):
        monkeypatch.setattr(module, "TURN_S", 0.0)
    monkeypatch.setattr(gathering, "ROWS", 2)
    monkeypatch.setattr(erasing, "SETTLE_S", 0.0)
    monkeypatch.setattr("kernel.archive.remains.PAGE", 3)


def test_an_import_killed_twenty_times_is_whole(world, tmp_path, monkeypatch):
    path = fetched(exported(live(world).world), tmp_path)
    row = begin_import(person=world.user, path=path, slug=f"k-{factories.digits(10)}", at_once=True)

    def step() -> bool:
        return importing.turn(Import.objects.get(pk=row.pk))

    died = until_done(step, monkeypatch, every=3)
    row.refresh_from_db()
    lines = compare(world.tenant.pk, row.new_tenant_id)
    torn = [line for line in lines if not line.is_same and line.collection != "domain_events"]
    print(f"killed {died} times, torn {len(torn)}")
    assert died >= 20 and row.phase == Import.DONE and torn == []


def test_a_refused_import_killed_while_it_is_cleared_leaves_nothing(world, tmp_path, monkeypatch):
    path = fetched(exported(live(world).world), tmp_path)
    row = begin_import(person=world.user, path=path, slug=f"k-{factories.digits(10)}", at_once=True)
    for _ in range(20):
        importing.turn(Import.objects.get(pk=row.pk))
    importing._refuse(Import.objects.get(pk=row.pk), "for this test")
    until_done(lambda: importing.turn(Import.objects.get(pk=row.pk)), monkeypatch, every=2, kills=8)
    row.refresh_from_db()
    assert row.phase == Import.REFUSED
    assert set(places_of(row.new_tenant_id, tenant_id=row.new_tenant_id)) == set()


def test_an_export_killed_between_any_two_pages_is_whole(world, tmp_path, monkeypatch):
    live(world)
    with factories.inside(world):
        export = ask_export()
    torn_off = 0
    with factories.inside(world):
        while True:
            export.refresh_from_db()
            outcome = exporting.go_on(export)
            if torn_off % 2 == 0 and export.phase != "ready" and torn_off < 40:
                torn_off += 1  # it wrote, and died before it could say so
                continue
            torn_off += 1
            run_transaction(outcome.apply)
            export.refresh_from_db()
            if export.phase == "ready":
                break
    path = fetched(export, tmp_path)
    with Reader(path) as reader:
        for member, _ in reader.members():
            reader.check(member)
    assert taken_in(path, world.user).phase == Import.DONE


def test_an_export_whose_disk_is_gone_is_written_anew(world, tmp_path):
    live(world)
    with factories.inside(world):
        export = ask_export()
        for _ in range(6):
            export.refresh_from_db()
            run_transaction(exporting.go_on(export).apply)
        shutil.rmtree(gathering.work_folder(export.pk))
        while export.phase != "ready":
            export.refresh_from_db()
            if export.phase != "ready":
                run_transaction(exporting.go_on(export).apply)
    assert taken_in(fetched(export, tmp_path), world.user).phase == Import.DONE


def test_an_erasure_killed_twenty_times_ends_with_nothing_left(world, monkeypatch, settings):
    settings.ERASE_GRACE_DAYS = 0
    lived = live(world)
    with factories.inside(world):
        erasure = ask_erasure(slug=world.tenant.slug)

    def step() -> bool:
        erasure.refresh_from_db()
        return erasing.turn(erasure) is not None

    died = until_done(step, monkeypatch, every=7)
    erasure.refresh_from_db()
    assert died >= 20 and erasure.state == "done"
    assert places_of(lived.canary, lived.phone) == {}
    assert not any(erasure.certificate["body"]["after"].values())
