"""The kernel as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class KernelConfig(AppConfig):
    name = "kernel"
    default_auto_field = "kernel.mongo.fields.IdField"

    def ready(self) -> None:
        from kernel.events import relay
        from kernel.scoping import checks, tasks  # noqa: F401  (they register themselves)

        relay.register()
        post_migrate.connect(_key_of_its_own, sender=self, dispatch_uid="kernel.platform_key")


def _key_of_its_own(**_: Any) -> None:
    """A new installation has a key at once, by which a wrong ring is known from then on."""
    from kernel.models import PlatformKey
    from kernel.vault import create_platform_key

    if not PlatformKey.objects.exists():
        create_platform_key()
