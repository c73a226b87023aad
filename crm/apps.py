"""Crm as a Django app."""

from django.apps import AppConfig


class CrmConfig(AppConfig):
    name = "crm"
    agent = "crm"
    default_auto_field = "kernel.mongo.fields.IdField"

    def ready(self) -> None:
        from crm.selectors import count_contacts
        from tenants.limits import Limit, register

        register(Limit(name="contacts", title="Contacts", count=count_contacts))
