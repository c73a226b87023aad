"""The product's settings with one app more, and other time limits where a row asks for them."""

import os

from config.settings import *
from config.settings import INSTALLED_APPS as OWN_APPS

INSTALLED_APPS = [*OWN_APPS, "tests.faults.hooks"]
if "FAULTS_SOFT_S" in os.environ:
    CELERY_TASK_SOFT_TIME_LIMIT = int(os.environ["FAULTS_SOFT_S"])
    CELERY_TASK_TIME_LIMIT = int(os.environ["FAULTS_HARD_S"])
