"""The site and the API, served by granian's WSGI interface."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.core.wsgi import get_wsgi_application

from kernel.collecting import settle

application = get_wsgi_application()
settle()
