"""Channels as a Django app."""

from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "channels"
    agent = "channel"
    default_auto_field = "kernel.mongo.fields.IdField"

    def ready(self) -> None:
        from channels.selectors import known_channels
        from channels.services import alerts, reconcile, upkeep
        from tenants.confines import register_channels

        register_channels(known_channels)
        alerts.register_kind()
        reconcile.register_kind()
        upkeep.register_kind()
