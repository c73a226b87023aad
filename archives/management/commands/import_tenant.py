"""``manage.py import_tenant FILE --slug S --owner EMAIL``: take an archive in as a new tenant, now."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from archives.models import Import
from archives.services.importing import turn
from archives.services.imports import begin_import
from kernel.archive.reader import Reader
from kernel.errors import DomainError


class Command(BaseCommand):
    help = "Checks an archive and takes it in as a new tenant; what is refused leaves nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--slug", required=True, help="the new tenant's")
        parser.add_argument("--owner", required=True, help="address of a person who has signed up")

    def handle(self, *args: Any, **options: Any) -> None:
        person = User.objects.filter(email=options["owner"].lower(), is_active=True).first()
        if person is None:
            raise CommandError(f"nobody has signed up as {options['owner']}")
        path = options["file"].resolve()
        try:
            with Reader(path):
                row = _unfinished(person, path, options["slug"]) or begin_import(
                    person=person, path=path, slug=options["slug"], at_once=True
                )
        except (OSError, DomainError) as error:
            raise CommandError(str(error)) from error
        while turn(row):
            continue
        row = Import.objects.get(pk=row.pk)
        if row.phase != Import.DONE:
            raise CommandError(row.problem)
        self.stdout.write(json.dumps(row.report, indent=2, sort_keys=True, default=str))


def _unfinished(person: User, path: Path, slug: str) -> Import | None:
    """One that was killed goes on where it was."""
    same = {"user_id": person.pk, "path": str(path), "slug": slug, "running": True}
    return Import.objects.filter(**same).first()
