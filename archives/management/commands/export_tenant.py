"""``manage.py export_tenant SLUG FILE``: write a tenant's archive to a file of this machine."""

import os
import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from archives.gathering import fresh, gather, manifest, work_folder
from kernel import audit
from kernel.archive.writer import Place, Writer
from kernel.mongo.ids import new_id
from kernel.scoping import tenant_scope
from tenants.access import acting_as_system
from tenants.models import Tenant


class Command(BaseCommand):
    help = "Writes everything of a tenant, but its secrets, to FILE."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["slug"]).first()
        if tenant is None:
            raise CommandError(f"there is no tenant {options['slug']!r}")
        with tenant_scope(tenant), acting_as_system():
            audit.record("tenant.exported", tenant)
            counts = _write(options["file"])
        for name, count in sorted(counts.items()):
            self.stdout.write(f"{name:28}{count:>12}")
        self.stdout.write(f"{options['file']}: {options['file'].stat().st_size:,} bytes")


def _write(target: Path) -> dict[str, int]:
    folder, state = work_folder(new_id()), fresh()
    try:
        with Writer(folder, Place()) as writer:
            while gather(writer, state):
                continue
            writer.finish(manifest(state))
        shutil.copyfile(folder / "archive.tar", f"{target}.part")
        os.replace(f"{target}.part", target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    counts: dict[str, int] = state["counts"]
    return counts
