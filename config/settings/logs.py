"""Logging: structlog, one line for each event."""

import logging

from config.settings.environment import PRODUCTION
from kernel.logging import configure

LOGGING_CONFIG = None
configure(json=PRODUCTION)
# Refusals are answers, not events of ours; each bell and canary would be two lines.
for name in (
    "django.request",
    "celery.app.trace",
    "celery.worker.request",
    "celery.worker.strategy",
):
    logging.getLogger(name).setLevel(logging.ERROR if name == "django.request" else logging.WARNING)
