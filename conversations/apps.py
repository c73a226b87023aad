"""Conversations as a Django app."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations"
    agent = "conversation"
    default_auto_field = "kernel.mongo.fields.IdField"
