"""The kernel as a Django app."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "kernel"
    default_auto_field = "kernel.mongo.fields.IdField"

    def ready(self) -> None:
        from kernel.events import relay
        from kernel.scoping import checks, tasks  # noqa: F401  (they register themselves)

        relay.register()
