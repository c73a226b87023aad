"""The Django project: settings, URLs, entry points and the glue of the REST API."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
