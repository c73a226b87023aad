"""``manage.py rotate_keys``: wrap every tenant's data keys, and people's, with the ring's first key. Values stay as they are."""

import sys
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand

from kernel.envelope import EnvelopeError
from kernel.scoping import tenant_scope
from kernel.vault import key_ring, rewrap_keys, rewrap_keys_of_no_tenant


class Command(BaseCommand):
    help = "Re-wraps the tenants' data keys after a new key was put first in SWITCHBOARD_KEY_RING."

    def handle(self, *args: Any, **options: Any) -> None:
        tenants = apps.get_model("tenants", "Tenant").objects.order_by("slug")
        total, count, broken = tenants.count(), 0, 0
        try:
            count += rewrap_keys_of_no_tenant()
        except EnvelopeError as error:
            broken += 1
            self.stderr.write(f"keys of people: {error}")
        for number, tenant in enumerate(tenants.iterator(chunk_size=200), start=1):
            try:
                with tenant_scope(tenant):
                    count += rewrap_keys()
            except EnvelopeError as error:
                # One key that does not open must not keep the others on the old ring.
                broken += 1
                self.stderr.write(f"{tenant.slug}: {error}")
            if number % 200 == 0:
                self.stdout.write(f"{number} of {total} tenants")
        self.stdout.write(f"{count} keys are wrapped with {key_ring().current!r} now")
        if broken:
            sys.exit(1)
