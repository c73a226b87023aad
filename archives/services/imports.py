"""Asking for an import: by upload, or from a file of this machine."""

import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from accounts.models import User
from archives.errors import ArchiveTooLarge, ImportRunning
from archives.models import Import
from archives.services.importing import KIND
from kernel import work
from kernel.actor import current_actor
from kernel.archive.reader import Reader
from kernel.mongo.deadline import away_from_database
from kernel.mongo.doors import UniqueViolation
from kernel.mongo.ids import new_id
from kernel.mongo.transactions import run_transaction
from kernel.scoping.context import outside_scope
from tenants.errors import SlugTaken
from tenants.models import Tenant
from tenants.services.tenant import next_made_by
from tenants.services.validation import validated


def ask_import(*, person: User, file: UploadedFile, slug: str) -> Import:
    """Keep the archive and begin; what is none is refused at once (``ArchiveRefused``), and so is
    whoever has made as many tenants as one person may (``LimitReached``)."""
    if (file.size or 0) > settings.IMPORT_MAX_BYTES:
        raise ArchiveTooLarge(limit=settings.IMPORT_MAX_BYTES)
    next_made_by(person)
    _free(slug)
    if Import.objects.filter(user_id=person.pk, running=True).exists():  # the index decides
        raise ImportRunning
    with away_from_database():
        path = _kept(file.open("rb"))
    try:
        with away_from_database(), Reader(path):
            pass
        row = begin_import(person=person, path=path, slug=slug)
    except Exception:
        path.unlink(missing_ok=True)
        raise
    return row


def begin_import(*, person: User, path: Path, slug: str, at_once: bool = False) -> Import:
    """Record an import of a file that is checked later; ``at_once`` leaves the work to the caller."""
    _free(slug)

    def body() -> Import:
        row = Import(user_id=person.pk, slug=slug, new_tenant_id=new_id(), path=str(path),
                     asked_by=asdict(current_actor()))  # fmt: skip
        row.save(force_insert=True)
        if not at_once:
            work.mark(KIND, row.pk, tenant_id="")
        return row

    try:
        with outside_scope():
            return run_transaction(body)
    except UniqueViolation as error:
        raise ImportRunning from error


def _free(slug: str) -> None:
    """The slug is one, and nobody's yet; the index decides when the tenant is made."""
    validated(Tenant(slug=slug, name=slug))
    if Tenant.objects.filter(slug=slug).exists():
        raise SlugTaken(errors=[{"field": "slug", "code": "taken"}])


def _kept(source: IO[bytes]) -> Path:
    """On this machine's disk, under a name of ours."""
    path = Path(settings.DATA) / "imports" / f"{new_id()}.tar"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
        target.flush()
        os.fsync(target.fileno())
    return path
