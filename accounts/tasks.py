"""Celery's entry point to what has expired."""

from celery import shared_task
from django.conf import settings
from django.utils.module_loading import import_string

from accounts.counters import purge_marks


@shared_task(name="accounts.purge")
def purge() -> int:
    """Delete expired sessions and marks; returns how many marks."""
    import_string(f"{settings.SESSION_ENGINE}.SessionStore").clear_expired()
    return purge_marks()
