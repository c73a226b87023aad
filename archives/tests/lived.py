"""A tenant that has lived a little: people wrote, somebody answered, files came, things were noted."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bson import ObjectId, encode
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from redis import Redis

from accounts.models import User
from archives.models import Export, Import
from archives.services.exports import ask_export
from archives.services.importing import turn
from archives.services.imports import begin_import
from conversations.models import Conversation
from crm.models import Contact, ContactIdentity
from kernel.scoping import Reason, unscoped
from kernel.scoping.context import outside_scope
from messaging.media.fetch import store
from messaging.models import Attachment
from tests import factories
from tests.inbound import receive, text, work_off


@dataclass
class Lived:
    """A world with its channel, its person and the words that must not be found when they are gone."""

    world: Any
    channel: Any
    contact: Contact
    conversation: Conversation
    canary: str
    phone: str


def live(world: Any, *, messages: int = 5) -> Lived:
    """Let somebody write, be answered and send a file; number the events and chain the log."""
    canary, phone = f"canary{factories.digits(16)}", factories.digits(12)
    with factories.inside(world):
        channel = factories.channel()
        with outside_scope():
            receive(channel, *(text(f"{canary} {n}", of=phone) for n in range(messages)))
        contact = ContactIdentity.objects.get(value=phone).contact
        conversation = Conversation.objects.get(contact=contact)
        _file(conversation, canary)
        factories.outbound(
            conversation, seq=1_000_002, text=f"{canary} answer", sender_id=world.owner.pk
        )
        Conversation.objects.filter(pk=conversation.pk).update(assignee_id=world.owner.pk)
    work_off("relay", "react")
    return Lived(world, channel, contact, conversation, canary, phone)


def _file(conversation: Conversation, canary: str) -> Attachment:
    row = factories.message(conversation, seq=1_000_001, type="image", text=f"{canary} see",
                            attachment_count=1)  # fmt: skip
    data = f"{canary} bytes".encode() * 50
    digest = hashlib.sha256(data).hexdigest()
    return Attachment.objects.create(
        lane=row.pk, state="done", open=False, media_state="stored", message_id=row.pk, size=len(data),
        path=store(digest, data), kind="image", mime_type="image/png", sha256=digest,
        channel_id=conversation.channel_id, filename=f"{canary}.png",
    )  # fmt: skip


def exported(world: Any) -> Export:
    """The tenant's finished export."""
    with factories.inside(world):
        export = ask_export()
    work_off("export")
    with factories.inside(world):
        export.refresh_from_db()
    return export


def fetched(export: Export, folder: Path) -> Path:
    """The archive, as somebody who fetched it has it."""
    target = folder / f"{export.pk}.tar"
    with default_storage.open(export.path, "rb") as source:
        target.write_bytes(source.read())
    return target


def taken_in(path: Path, person: User) -> Import:
    """The finished import of an archive, whatever came of it."""
    row = begin_import(person=person, path=path, slug=f"i-{factories.digits(10)}", at_once=True)
    while turn(row):
        continue
    row.refresh_from_db()
    return row


def places_of(*needles: str, tenant_id: str = "") -> dict[str, int]:
    """Where any of the words is found: collections (all of them), files, and Redis by name and by value.

    A document is looked at in the database's own bytes, so that no field is passed over, for ids as
    they are written and as they are kept; with ``tenant_id`` only what is of that tenant.
    """
    words = [form for needle in needles for form in _forms(needle)]
    found: dict[str, int] = {}
    database = connection.connection[connection.settings_dict["NAME"]]
    where = {"tenantId": ObjectId(tenant_id)} if tenant_id else {}
    with unscoped(Reason.AUDIT_INTEGRITY):
        for name in database.list_collection_names():
            hits = sum(any(w in encode(row) for w in words) for row in database[name].find(where))
            found |= {name: hits} if hits else {}
    files = [path for path in _files() if tenant_id in str(path)]
    found |= {str(path): 1 for path in files
              if any(w in str(path).encode() or w in _bytes(path) for w in words)}  # fmt: skip
    client = Redis.from_url(settings.REDIS_URL)
    keys = [key for key in client.scan_iter() if tenant_id.encode() in key]
    return found | {f"redis {key!r}": 1 for key in keys
                    if any(w in key or w in _held(client, key) for w in words)}  # fmt: skip


def _bytes(path: Path) -> bytes:
    """A file's bytes; none when another test took it away after it was listed: all share the folder."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _forms(needle: str) -> list[bytes]:
    """A word's bytes; of an id also those that the database keeps."""
    return [needle.encode(), *([ObjectId(needle).binary] if ObjectId.is_valid(needle) else [])]


def _files() -> list[Path]:
    """Every file that the product keeps on this machine."""
    kept = (
        settings.SPOOL,
        *(Path(settings.DATA) / name for name in ("archives", "imports", "audit")),
    )
    roots = (Path(default_storage.location), *map(Path, kept))
    # Unlike a glob, a walk goes on when another test takes a folder away in front of it.
    return [
        Path(folder) / name
        for root in roots
        for folder, _, names in os.walk(root)
        for name in names
    ]


def _held(client: Any, key: bytes) -> bytes:
    """What a key holds, whatever its type; nothing if it has expired meanwhile."""
    reads = {
        b"string": client.get, b"hash": client.hgetall, b"set": client.smembers,
        b"list": lambda key: client.lrange(key, 0, -1), b"stream": client.xrange,
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True), b"none": lambda key: b"",
    }  # fmt: skip
    return repr(reads[client.type(key)](key)).encode()
