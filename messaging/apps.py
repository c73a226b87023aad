"""Messaging as a Django app."""

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"
    agent = "message"
    default_auto_field = "kernel.mongo.fields.IdField"
