"""Accounts as a Django app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    agent = "auth"
    default_auto_field = "kernel.mongo.fields.IdField"

    def ready(self) -> None:
        from accounts import receivers

        receivers.connect()
