"""``manage.py rotate_keys``: wrap all data keys with the ring's first key. Values stay as they are."""

import sys
import time
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand

from kernel.envelope import EnvelopeError
from kernel.scoping import tenant_scope
from kernel.vault import key_ring, rewrap_keys, rewrap_platform_keys

SHOW_EVERY_S = 2.0


class Command(BaseCommand):
    help = (
        "Wraps the data keys of the platform and of all tenants anew after a new key was put first "
        "in SWITCHBOARD_KEY_RING. Runs beside the product; interrupted, it goes on where it was."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        tenants = apps.get_model("tenants", "Tenant").objects.order_by("slug")
        total, count, broken = tenants.count(), 0, 0
        shown = time.monotonic()
        for number, (name, changed, problem) in enumerate(_all(tenants)):
            count += changed
            if problem:
                # One key that does not open must not keep the others on the old ring.
                broken += 1
                self.stderr.write(f"{name}: {problem}")
            if time.monotonic() - shown > SHOW_EVERY_S:
                shown = time.monotonic()
                self.stdout.write(f"{number} of {total} tenants, {count} keys wrapped anew")
        self.stdout.write(f"{count} keys are wrapped with {key_ring().current!r} now")
        if broken:
            self.stderr.write(f"{broken} owners have keys that this ring does not open: keep the "
                              "old entries in the ring until they do")  # fmt: skip
            sys.exit(1)


def _all(tenants: Any) -> Iterator[tuple[str, int, str]]:
    """The owner's name, how many of its keys changed, and what went wrong."""
    try:
        yield "the platform", rewrap_platform_keys(), ""
    except EnvelopeError as error:
        yield "the platform", 0, str(error)
    for tenant in tenants.iterator(chunk_size=200):
        try:
            with tenant_scope(tenant):
                changed = rewrap_keys()
        except EnvelopeError as error:
            yield tenant.slug, 0, str(error)
        else:
            yield tenant.slug, changed, ""
