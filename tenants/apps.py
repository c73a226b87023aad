"""Tenants as a Django app."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    agent = "tenant"
    default_auto_field = "kernel.mongo.fields.IdField"

    def ready(self) -> None:
        from tenants import sign_ins

        sign_ins.listen()
