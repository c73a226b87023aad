"""The Celery application. What was measured about each setting stands in ``settings/tasks.py``."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")  # a TERM finishes the task in hand

app = Celery("switchboard")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect(weak=False)
@worker_ready.connect(weak=False)
def settle_down(**_: Any) -> None:
    """In each process of a pool, and in the one whose pool is threads."""
    from kernel.collecting import settle

    settle()
