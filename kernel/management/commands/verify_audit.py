"""``manage.py verify_audit``: walk every tenant's audit chain; exits with 1 when one does not hold."""

import sys
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandParser

from kernel.audit.chain import verify
from kernel.audit.checkpoints import verify_checkpoints, write_checkpoint
from kernel.scoping import tenant_scope


class Command(BaseCommand):
    help = "Verifies the audit log of one tenant (--tenant slug) or of all."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", help="a tenant's slug; all tenants without it")
        parser.add_argument(
            "--checkpoint", action="store_true", help="also sign where each chain ends"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        tenants = apps.get_model("tenants", "Tenant").objects.order_by("slug")
        if options["tenant"]:
            tenants = tenants.filter(slug=options["tenant"])
        problems = 0
        for tenant in tenants:
            with tenant_scope(tenant):
                findings = [*verify(), *verify_checkpoints()]
                for finding in findings:
                    self.stderr.write(f"{tenant.slug}: at {finding.seq}: {finding.problem}")
                if options["checkpoint"] and not findings:
                    write_checkpoint()
            self.stdout.write(f"{tenant.slug}: {'holds' if not findings else 'BROKEN'}")
            problems += len(findings)
        if problems:
            sys.exit(1)
