"""Tenants as a Django app."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    agent = "tenant"
    default_auto_field = "kernel.mongo.fields.IdField"

    def ready(self) -> None:
        from accounts.sign_up import register_invitations
        from tenants import limits, sign_ins
        from tenants.services import invitation_mail, telling
        from tenants.services.joining import is_invited

        register_invitations(is_invited)
        sign_ins.listen()
        limits.register_own()
        invitation_mail.register_kind()
        telling.register_kind()
