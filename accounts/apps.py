"""Accounts as a Django app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    agent = "auth"
    default_auto_field = "kernel.mongo.fields.IdField"

    def ready(self) -> None:
        from accounts import receivers
        from accounts.sealing import rewrap_person_keys
        from kernel.vault import rewrap_beside

        receivers.connect()
        rewrap_beside(rewrap_person_keys)
