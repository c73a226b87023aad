"""``manage.py errors_doc [--check]``: writes ``docs/errors.md`` from the errors themselves."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from kernel.catalogue import as_markdown

PATH = "docs/errors.md"


class Command(BaseCommand):
    help = f"Write {PATH}, or with --check fail when it is stale."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        path, text = settings.ROOT / PATH, as_markdown()
        if not options["check"]:
            path.write_text(text, encoding="utf-8")
            self.stdout.write(f"wrote {PATH}")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            raise CommandError(f"{PATH} is stale: run `python manage.py errors_doc`")
