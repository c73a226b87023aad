"""Channels as a Django app."""

from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "channels"
    agent = "channel"
    default_auto_field = "kernel.mongo.fields.IdField"

    def ready(self) -> None:
        from channels.selectors import count_channels, known_channels
        from channels.services import alerts, reconcile, upkeep
        from tenants.confines import register_channels
        from tenants.limits import Limit, register

        register_channels(known_channels)
        alerts.register_kind()
        reconcile.register_kind()
        upkeep.register_kind()
        register(Limit(name="channels", title="Connected channels", count=count_channels))
