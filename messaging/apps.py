"""Messaging as a Django app."""

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"
    agent = "message"
    default_auto_field = "kernel.mongo.fields.IdField"

    def ready(self) -> None:
        from messaging.dispatch import receipts, together
        from messaging.ingest import lookups
        from messaging.media import fetch

        together.register_kind()
        receipts.register_kinds()
        fetch.register_kind()
        lookups.register_kind()
