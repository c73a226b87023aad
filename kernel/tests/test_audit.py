"""The audit chain: an edit, deletion, insertion, reordering or cut tail is found where it was made."""

import json
from io import StringIO

import pytest
from bson import ObjectId
from django.core.management import call_command
from django.db import connection

from kernel import audit
from kernel.actor import Actor, acting_as
from kernel.audit.chain import entry_hash, verify
from kernel.audit.checkpoints import checkpoint_file, verify_checkpoints, write_checkpoint
from kernel.models import AuditEntry, FeedState, Lane
from kernel.mongo.ids import new_object_id
from kernel.mongo.transactions import run_transaction
from kernel.scoping import Reason, tenant_scope, unscoped
from kernel.scoping.context import outside_scope
from kernel.work.drain import drain
from tests.factories import contact


@pytest.fixture
def scope(world, settings, tmp_path):
    settings.DATA = str(tmp_path)
    with tenant_scope(world.tenant):
        yield world
    Lane.objects.filter(kind__in=["relay", "react"]).delete()


@pytest.fixture
def chained(scope):
    """Ten chained entries beside those of making the tenant."""
    for n in range(10):
        audit.record("thing.done", ("thing", str(n)), {"n": [n, n + 1]})
    relay()
    return list(AuditEntry.objects.order_by("seq"))


def relay():
    with outside_scope():
        drain("relay")


def raw(change):
    """What somebody with the database's password can do."""
    with unscoped(Reason.AUDIT_INTEGRITY):
        return change(connection.database["audit_log"])


def findings():
    return [f"{f.seq}: {f.problem}" for f in verify()]


def test_an_untouched_chain_holds(chained):
    assert [e.seq for e in chained] == list(range(1, len(chained) + 1))
    assert [e.prev for e in chained] == ["", *(e.hash for e in chained[:-1])]
    assert len({e.hash for e in chained}) == len(chained)
    assert findings() == []


def test_an_entry_names_who_did_what_from_where(scope):
    actor = Actor(kind="member", id="m" * 24, user_id="u" * 24, on_behalf_of="o" * 24, ip="192.0.2.1",
                  request_id="r1")  # fmt: skip
    row = contact()
    with acting_as(actor):
        audit.record("contact.changed", row, {"name": None}, reason="asked")
    entry = AuditEntry.objects.get(action="contact.changed")
    assert (entry.actor_kind, entry.actor_id, entry.user_id) == ("member", "m" * 24, "u" * 24)
    assert (entry.on_behalf_of, entry.ip, entry.request_id) == ("o" * 24, "192.0.2.1", "r1")
    assert (entry.target_type, entry.target_id, entry.changes) == (
        "contact",
        row.pk,
        {"name": None},
    )
    assert (entry.reason, entry.seq) == ("asked", 0)


def test_an_entry_of_a_transaction_that_failed_never_was(scope):
    def body():
        audit.record("thing.done", ("thing", "1"))
        raise LookupError("no")

    before = AuditEntry.objects.count()
    with pytest.raises(LookupError):
        run_transaction(body)
    assert AuditEntry.objects.count() == before


EDITS = {
    "action": "thing.undone", "actor_id": "somebody", "user_id": "else", "on_behalf_of": "x",
    "target_type": "other", "target_id": "77", "changes": {"n": [0, 9]}, "reason": "none",
    "ip": "198.51.100.1", "request_id": "r", "actor_kind": "staff",
}  # fmt: skip


@pytest.mark.parametrize("field", EDITS)
def test_an_edit_is_found_where_it_was_made(chained, field):
    victim = chained[5]
    raw(lambda log: log.update_one({"_id": ObjectId(victim.pk)}, {"$set": {field: EDITS[field]}}))
    assert findings() == [f"{victim.seq}: was changed after it was written"]


def test_an_edited_time_is_found(chained):
    victim = chained[3]
    raw(
        lambda log: log.update_one(
            {"_id": ObjectId(victim.pk)}, {"$currentDate": {"occurred_at": True}}
        )
    )
    assert findings() == [f"{victim.seq}: was changed after it was written"]


def test_an_edit_with_a_new_hash_of_its_own_is_found_at_the_next_entry(chained):
    victim = chained[5]
    victim.reason = "forged"
    forged = entry_hash(victim, victim.seq, victim.prev)
    raw(
        lambda log: log.update_one(
            {"_id": ObjectId(victim.pk)}, {"$set": {"reason": "forged", "hash": forged}}
        )
    )
    assert findings() == [f"{victim.seq + 1}: does not follow the entry before it"]


def test_a_deletion_is_found(chained):
    victim = chained[4]
    raw(lambda log: log.delete_one({"_id": ObjectId(victim.pk)}))
    found = findings()
    assert found[0] == f"{victim.seq}: entries {victim.seq} to {victim.seq} are missing"
    assert f"{victim.seq + 1}: does not follow the entry before it" in found


def test_an_insertion_is_found(chained):
    model = chained[4]

    def insert(log):
        row = log.find_one({"_id": ObjectId(model.pk)})
        log.insert_one({**row, "_id": new_object_id(), "reason": "slipped in"})

    raw(insert)
    assert any("stands twice" in f for f in findings())


def test_two_entries_that_changed_places_are_found(chained):
    one, two = chained[4], chained[5]

    def swap(log):
        log.update_one({"_id": ObjectId(one.pk)}, {"$set": {"seq": two.seq}})
        log.update_one({"_id": ObjectId(two.pk)}, {"$set": {"seq": one.seq}})

    raw(swap)
    found = findings()
    assert f"{one.seq}: does not follow the entry before it" in found
    assert f"{two.seq}: was changed after it was written" in found


def test_a_cut_tail_is_found(chained):
    raw(lambda log: log.delete_many({"_id": {"$in": [ObjectId(e.pk) for e in chained[-3:]]}}))
    kept = len(chained) - 3
    assert findings() == [
        f"{kept}: the chain ends at {kept}, but {len(chained)} entries were chained"
    ]


def test_a_tail_cut_together_with_its_head_is_found_by_the_checkpoint(chained):
    assert write_checkpoint() is True
    assert write_checkpoint() is False, "the head has not moved"
    last = chained[-4]
    raw(lambda log: log.delete_many({"_id": {"$in": [ObjectId(e.pk) for e in chained[-3:]]}}))
    FeedState.objects.update(audit_seq=last.seq, audit_hash=last.hash)
    assert findings() == []
    assert [f.problem for f in verify_checkpoints()] == ["an entry that was signed is missing"]


def test_a_chain_that_was_written_anew_is_found_by_the_checkpoint(chained):
    write_checkpoint()
    prev = ""
    for entry in chained:
        entry.reason = "rewritten"
        fields = {
            "reason": "rewritten",
            "prev": prev,
            "hash": (prev := entry_hash(entry, entry.seq, prev)),
        }
        raw(lambda log, e=entry, f=fields: log.update_one({"_id": ObjectId(e.pk)}, {"$set": f}))
    FeedState.objects.update(audit_hash=prev)
    assert findings() == []
    problems = [f.problem for f in verify_checkpoints()]
    assert problems == ["the chain was written anew after it was signed"]


def test_a_forged_checkpoint_is_found(chained):
    write_checkpoint()
    line = json.loads(checkpoint_file().read_text())
    line["body"]["hash"] = "0" * 64
    checkpoint_file().write_text(json.dumps(line) + "\n")
    assert [f.problem for f in verify_checkpoints()] == ["the checkpoint's signature is not ours"]


def run_verify(*arguments):
    out, err = StringIO(), StringIO()
    with outside_scope():
        try:
            call_command("verify_audit", *arguments, stdout=out, stderr=err)
            code = 0
        except SystemExit as stop:
            code = stop.code
    return code, out.getvalue(), err.getvalue()


def test_the_command_says_which_tenants_chain_holds(chained, scope):
    slug = scope.tenant.slug
    assert run_verify("--tenant", slug, "--checkpoint") == (0, f"{slug}: holds\n", "")
    assert checkpoint_file().exists()
    raw(lambda log: log.update_one({"_id": ObjectId(chained[2].pk)}, {"$set": {"reason": "x"}}))
    code, out, err = run_verify("--tenant", slug)
    assert (code, out) == (1, f"{slug}: BROKEN\n")
    assert err == f"{slug}: at 3: was changed after it was written\n"
