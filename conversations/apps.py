"""Conversations as a Django app."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations"
    agent = "conversation"
    default_auto_field = "kernel.mongo.fields.IdField"

    def ready(self) -> None:
        from conversations import subscribers  # noqa: F401  (it registers itself)
