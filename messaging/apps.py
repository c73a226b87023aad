"""Messaging as a Django app."""

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"
    agent = "message"
    default_auto_field = "kernel.mongo.fields.IdField"

    def ready(self) -> None:
        from channels.files import register_uploads
        from messaging.dispatch import receipts, together
        from messaging.ingest import lookups
        from messaging.media import examples, fetch
        from messaging.selectors import sent_today
        from tenants.limits import Limit, register

        together.register_kind()
        receipts.register_kinds()
        fetch.register_kind()
        lookups.register_kind()
        register_uploads(examples.example_of)
        register(Limit(name="messages_per_day", title="Messages sent today", daily=True,
                       count=sent_today))  # fmt: skip
