"""Archives from strangers: whatever is wrong is said, and nothing of it stays."""

import gzip
import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from bson import ObjectId, json_util

from archives.models import Import
from archives.tests.lived import exported, fetched, live, taken_in
from kernel.archive.cells import OPTIONS, as_document
from kernel.archive.errors import ArchiveRefused
from kernel.archive.reader import Reader
from kernel.archive.writer import Place, Writer
from kernel.mongo.ids import new_id
from kernel.scoping import Reason, unscoped
from tenants.models import Membership, Tenant

LINE = json_util.dumps


@pytest.fixture
def good(world, tmp_path):
    live(world, messages=2)
    return fetched(exported(world), tmp_path)


def rewritten(good: Path, change, *, manifest=lambda told: None) -> Path:
    """The archive written anew with each row changed, as somebody who knows the format would."""
    folder = good.parent / new_id()
    with Reader(good) as reader, Writer(folder, Place()) as writer:
        counts: dict[str, int] = {}
        for member, _ in reader.members():
            if not member.collection:
                data = reader.read(member, 1 << 30)
                writer.add_file(member.path, io.BytesIO(data), len(data))
                continue
            rows = [json_util.loads(line, json_options=OPTIONS) for line in reader.rows(member)]
            lines = [
                LINE(row, json_options=OPTIONS).encode() + b"\n"
                for row in change(member.collection, rows)
            ]
            counts[member.collection] = counts.get(member.collection, 0) + len(lines)
            writer.add_rows(member.path, lines)
        told = {k: v for k, v in reader.manifest.items() if k not in ("format", "version", "files")}
        told["collections"] = counts
        manifest(told)
        writer.finish(told)
    return folder / "archive.tar"


def each(name, change):
    """Change the rows of one collection."""
    return lambda collection, rows: [change(row) for row in rows] if collection == name else rows


def refused(path: Path, world, *words: str) -> None:
    """It is refused with these words in the reason, and nothing is left of it."""
    tenants, members = Tenant.objects.count(), members_everywhere()
    row = taken_in(path, world.user)
    assert row.phase == Import.REFUSED, row.report
    assert all(word in row.problem for word in words), row.problem
    assert (Tenant.objects.count(), members_everywhere()) == (tenants, members)


def members_everywhere() -> int:
    with unscoped(Reason.AUDIT_INTEGRITY):
        return Membership.objects.count()


def test_an_archive_written_anew_without_a_change_is_taken_in(good, world):
    assert taken_in(rewritten(good, lambda c, rows: rows), world.user).phase == Import.DONE


@pytest.mark.parametrize(
    "collection, change, word",
    [
        ("messages", lambda r: r | {"tenantId": ObjectId()}, "another tenant"),
        ("messages", lambda r: r | {"conversation_id": ObjectId()}, "leads out"),
        ("messages", lambda r: r | {"extra": 1}, "no column"),
        ("messages", lambda r: r | {"text": 7}, "such a value"),
        ("messages", lambda r: r | {"type": "x" * 25}, "such a value"),
        ("messages", lambda r: r | {"_id": ObjectId("0" * 24)}, "twice"),
        ("attachments", lambda r: r | {"path": "../../etc/passwd"}, "folder"),
        ("attachments", lambda r: r | {"path": f"{ObjectId()}/media/00/{'0' * 64}"}, "folder"),
        ("tenant_users", lambda r: r | {"name": "x" * 200}, "such a value"),
        ("audit_log", lambda r: r | {"action": "nothing.happened"}, "changed"),
    ],
)  # fmt: skip
def test_a_row_that_is_none_of_ours_is_refused(good, world, collection, change, word):
    refused(rewritten(good, each(collection, change)), world, word)


def test_counts_chains_and_versions_are_not_believed(good, world):
    same = lambda collection, rows: rows  # noqa: E731
    fewer = rewritten(good, same, manifest=lambda told: told["collections"].update(messages=1))
    refused(fewer, world, "counts")
    other = rewritten(good, same, manifest=lambda told: told["audit"].update(hash="0" * 64))
    refused(other, world, "audit log")
    half = rewritten(good, lambda c, rows: rows[:-1] if c == "audit_log" else rows)
    refused(half, world, "audit log")
    root = rewritten(
        good,
        lambda c, rows: (
            [*rows, rows[0] | {"_id": ObjectId(), "role": "root"}] if c == "tenant_users" else rows
        ),
    )
    refused(root, world, "root")
    contact = rewritten(good, same, manifest=lambda told: told.update(kind="contact"))
    refused(contact, world, "contact")


def test_flipped_bytes_cut_ends_and_other_files_are_refused(good, world, tmp_path):
    data = good.read_bytes()
    with Reader(good) as reader:
        member = next(m for m, _ in reader.members() if not m.collection)
    flipped = tmp_path / "flipped"
    flipped.write_bytes(data[: member.offset] + b"X" + data[member.offset + 1 :])
    refused(flipped, world, "is not what the list says")
    for broken in (
        data[: len(data) // 2],
        b"",
        b"no archive",
        data.replace(b'"version": 1', b'"version": 2'),
    ):
        path = tmp_path / new_id()
        path.write_bytes(broken)
        with pytest.raises(ArchiveRefused):
            Reader(path)


def test_members_out_of_place_links_and_bombs_are_refused(good, tmp_path):
    with Reader(good) as reader:
        member = next(m for m, _ in reader.members() if m.collection)
        for wrong in (replace(member, offset=member.offset + 512), replace(member, path="collections/x/000001.jsonl.gz"),
                      replace(member, offset=1 << 40), replace(member, bytes=member.bytes + 1)):  # fmt: skip
            with pytest.raises(ArchiveRefused):
                reader.check(wrong)
    bomb = tmp_path / "bomb"
    with Writer(bomb, Place()) as writer:
        writer.add_rows("collections/messages/000001.jsonl.gz", [b"\0" * (300 << 20)])
        writer.finish({})
    with Reader(bomb / "archive.tar") as reader, pytest.raises(ArchiveRefused, match="unpacks"):
        reader.rows(next(reader.members())[0])


@pytest.mark.parametrize("name", ["files/../../x", "/etc/passwd", "files/media/00/..", "manifest.json", "collections/../x"])  # fmt: skip
def test_a_place_outside_the_archive_is_refused(tmp_path, name):
    with Writer(tmp_path, Place()) as writer:
        writer.add_file(name, io.BytesIO(b"x"), 1)
        writer.finish({})
    with Reader(tmp_path / "archive.tar") as reader, pytest.raises(ArchiveRefused):
        list(reader.members())


@pytest.mark.parametrize("row", [
    b'{"a": {"$code": "x"}}', b'{"a": {"$regularExpression": {"pattern": "x", "options": ""}}}',
    b'{"a": {"$where": "1"}}', b"[1]", b"{", b'{"a": "\\ud800"}', b'{"a": {"$oid": "x"}}',
    b'{"a": 99999999999999999999}', b'{"a": ' + b"[" * 80 + b"]" * 80 + b"}", b"\xff",
    b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", b'{"a": {"$date": {"$numberLong": "99999999999999999999"}}}',
])  # fmt: skip
def test_a_line_that_no_row_can_be_is_refused(row):
    with pytest.raises(ArchiveRefused):
        as_document(row)


def test_any_tar_program_reads_an_archive(good):
    with tarfile.open(good) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        lines = [json.loads(line) for line in archive.extractfile("files.jsonl")]
        part = next(line for line in lines if line["path"].startswith("collections/messages"))
        rows = gzip.decompress(archive.extractfile(part["path"]).read()).splitlines()
    assert len(rows) == manifest["collections"]["messages"] == part["rows"]
