"""Channels as a Django app."""

from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "channels"
    agent = "channel"
    default_auto_field = "kernel.mongo.fields.IdField"

    def ready(self) -> None:
        from channels.services import alerts, reconcile, upkeep

        alerts.register_kind()
        reconcile.register_kind()
        upkeep.register_kind()
