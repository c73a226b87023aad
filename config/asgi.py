"""The event stream's process: ``granian --interface asgi config.asgi:application``."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from config.stream.app import StreamApplication  # noqa: E402

application = StreamApplication()
