"""Webhooks as a Django app."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "webhooks"
    agent = "webhook"
    default_auto_field = "kernel.mongo.fields.IdField"

    def ready(self) -> None:
        from webhooks import subscribers  # noqa: F401  (it registers itself)
        from webhooks.services import apply, explode

        explode.register_kind()
        apply.register_kind()
