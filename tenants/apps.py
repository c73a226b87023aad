"""Tenants as a Django app."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    agent = "tenant"
    default_auto_field = "kernel.mongo.fields.IdField"

    def ready(self) -> None:
        from tenants import limits, sign_ins
        from tenants.services import invitation_mail

        sign_ins.listen()
        limits.register_own()
        invitation_mail.register_kind()
