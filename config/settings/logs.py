"""Logging: structlog, one line for each event."""

from config.settings.environment import PRODUCTION
from kernel.logging import configure

LOGGING_CONFIG = None
configure(json=PRODUCTION)
