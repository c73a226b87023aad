"""Writing a tenant's rows and files into an archive, a little at a time."""

from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.files.storage import default_storage

from archives.carried import LEFT_OUT, NOT_ROWS, SEALED, carried, walked
from kernel.archive.cells import as_line
from kernel.archive.order import Model
from kernel.archive.walk import page
from kernel.archive.writer import Place, Writer, as_state
from kernel.clock import iso, now
from kernel.mongo.doors import collection, owner
from kernel.scoping import active_tenant_id
from kernel.scoping.keys import tenant_path
from messaging.models import Attachment
from tenants.models import Tenant

VERSION = "0.1.0"  # of the product, as in pyproject.toml
ROWS, MOST_BYTES, FILES = 1_000, 8 << 20, 50
State = dict[str, Any]


def work_folder(name: str) -> Path:
    """Where an archive is written on this machine before it is kept."""
    return Path(settings.DATA) / "archives" / active_tenant_id() / name


def fresh() -> State:
    """The state of a gathering that has not begun; it is plain, to be kept between turns."""
    return {"stage": "rows", "model": "", "after": None, "part": 0, "file_after": "", "files": 0,
            "lost": [], "place": as_state(Place()), "counts": {}, "audit": {"seq": 0, "hash": ""},
            "last_number": 0, "at": iso(now())}  # fmt: skip


def gather(writer: Writer, state: State) -> bool:
    """Add a page of rows or of files and note it in ``state``; False when nothing is left to add."""
    if state["stage"] == "rows":
        _rows(writer, state)
    elif state["stage"] == "files":
        _files(writer, state)
    return state["stage"] != "whole"


def _rows(writer: Writer, state: State) -> None:
    models = {model._meta.label: model for model in carried()}
    label = state["model"] or next(iter(models))
    model = models[label]
    rows, after = page(model, state["after"], ROWS, **walked(model))
    add_rows(writer, state, model, rows)
    _note_heads(model, rows, state)
    state["after"], state["model"] = after, label
    if after is None:
        labels = list(models)
        following = labels[labels.index(label) + 1 :]
        state["model"], state["part"] = (following[0] if following else ""), 0
        state["stage"] = "rows" if following else "files"


def add_rows(writer: Writer, state: State, model: Model, rows: list[dict[str, Any]]) -> None:
    """Add documents of one collection, in parts of bounded size."""
    name = model._meta.db_table
    state["counts"][name] = state["counts"].get(name, 0) + len(rows)
    lines: list[bytes] = []
    size = 0
    for row in rows:
        lines.append(as_line(row))
        size += len(lines[-1])
        if size >= MOST_BYTES:
            _part(writer, state, name, lines)
            lines, size = [], 0
    _part(writer, state, name, lines)


def _part(writer: Writer, state: State, name: str, lines: list[bytes]) -> None:
    if lines:
        state["part"] += 1
        writer.add_rows(f"collections/{name}/{state['part']:06}.jsonl.gz", lines)


def _note_heads(model: Model, rows: list[dict[str, Any]], state: State) -> None:
    """Where the feed and the audit chain end in this archive."""
    if rows and model._meta.label == SEALED:
        state["audit"] = {"seq": int(rows[-1]["seq"]), "hash": rows[-1]["hash"]}
    if rows and model._meta.label == "kernel.DomainEvent":
        state["last_number"] = int(rows[-1]["number"])


def _files(writer: Writer, state: State) -> None:
    """Each file once, in the order of its place, whichever number of messages have it."""
    paths = _paths_after(state["file_after"])
    for path, small in paths:
        for each in (path, small):
            if each:
                add_file(writer, state, each)
    if paths:
        state["file_after"] = paths[-1][0]
    else:
        state["stage"] = "whole"


def _paths_after(after: str) -> list[tuple[str, str]]:
    where = {**owner(), "path": {"$gt": after}, "media_state": Attachment.STORED}
    found = collection(Attachment).find(
        where, {"path": 1, "thumbnail_path": 1}, sort=[("path", 1)], limit=FILES
    )
    return list({row["path"]: (row["path"], row["thumbnail_path"]) for row in found}.values())


def add_file(writer: Writer, state: State, path: str) -> None:
    """A file under its place in the tenant's folder; one that is not there is named as lost."""
    inner = path.removeprefix(tenant_path(""))
    try:
        with default_storage.open(path, "rb") as source:
            added = writer.add_file(f"files/{inner}", source, default_storage.size(path))
    except FileNotFoundError:
        added = False
    if added:
        state["files"] += 1
    elif len(state["lost"]) < 1_000:
        state["lost"].append(inner)


def manifest(state: State, *, contact_id: str = "") -> dict[str, Any]:
    """What the archive says of itself; the writer adds its format and its list of files."""
    tenant = Tenant.objects.get(pk=active_tenant_id())
    return {
        "kind": "contact" if contact_id else "tenant",
        "product": {"name": "Switchboard", "version": VERSION},
        "tenant": {"id": tenant.pk, "slug": tenant.slug, "name": tenant.name,
                   "created_at": iso(tenant.created_at)},
        "contact_id": contact_id or None,
        "created_at": state["at"],
        "finished_at": iso(now()),
        "collections": state["counts"],
        "feed": {"last_number": state["last_number"]},
        "audit": state["audit"],
        "lost_files": state["lost"],
        "left_out": {**{_table(label): reason for label, reason in LEFT_OUT.items()}, **NOT_ROWS},
        "secrets": "No credential, token, key or password is in this archive.",
    }  # fmt: skip


def _table(label: str) -> str:
    return str(apps.get_model(label)._meta.db_table)
