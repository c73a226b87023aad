"""Messaging as a Django app."""

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"
    agent = "message"
    default_auto_field = "kernel.mongo.fields.IdField"

    def ready(self) -> None:
        from messaging.dispatch import deliver, receipts
        from messaging.media import fetch

        deliver.register_kind()
        receipts.register_kinds()
        fetch.register_kind()
