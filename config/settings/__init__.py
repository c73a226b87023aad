"""Settings, one module for each theme; every value of the deployment comes from the environment."""

from config.settings.admin import *
from config.settings.api import *
from config.settings.archives import *
from config.settings.auth import *
from config.settings.base import *
from config.settings.channels import *
from config.settings.database import *
from config.settings.environment import PRODUCTION
from config.settings.limits import *
from config.settings.logs import *
from config.settings.safety import refuse_unsafe
from config.settings.tasks import *

if PRODUCTION:
    refuse_unsafe(globals())
