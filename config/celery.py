"""The Celery application. What was measured about each setting stands in ``settings/tasks.py``."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")  # a TERM finishes the task in hand

app = Celery("switchboard")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
