"""``manage.py compare_tenants A B``: rows per collection of two tenants, side by side."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from archives.comparing import compare
from tenants.models import Tenant


class Command(BaseCommand):
    help = "Compares two tenants of this installation, such as an original and its import."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("first")
        parser.add_argument("second")

    def handle(self, *args: Any, **options: Any) -> None:
        lines = compare(_id_of(options["first"]), _id_of(options["second"]))
        for line in lines:
            mark = "" if line.is_same else "  differs"
            self.stdout.write(f"{line.collection:28}{line.first:>14}{line.second:>14}{mark}")
        if not all(line.is_same for line in lines):
            sys.exit(1)


def _id_of(slug: str) -> str:
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise CommandError(f"there is no tenant {slug!r}")
    return str(tenant.pk)
