"""Crm as a Django app."""

from django.apps import AppConfig


class CrmConfig(AppConfig):
    name = "crm"
    agent = "crm"
    default_auto_field = "kernel.mongo.fields.IdField"
