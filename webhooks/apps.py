"""Webhooks as a Django app."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "webhooks"
    agent = "webhook"
    default_auto_field = "kernel.mongo.fields.IdField"
