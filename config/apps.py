"""The project, and contrib apps with ids that this database has (allauth's have a setting for that)."""

from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig as BaseAdminConfig
from django.contrib.auth.apps import AuthConfig as BaseAuthConfig
from django.contrib.contenttypes.apps import ContentTypesConfig as BaseContentTypesConfig

ID_FIELD = "kernel.mongo.fields.IdField"


class ProjectConfig(AppConfig):
    """The project itself: commands that cross all apps."""

    name = "config"
    default_auto_field = ID_FIELD

    def ready(self) -> None:
        Path(settings.FILE_UPLOAD_TEMP_DIR).mkdir(parents=True, exist_ok=True)


class AdminConfig(BaseAdminConfig):
    default_auto_field = ID_FIELD
    default_site = "config.backoffice.Backoffice"


class AuthConfig(BaseAuthConfig):
    default_auto_field = ID_FIELD


class ContentTypesConfig(BaseContentTypesConfig):
    default_auto_field = ID_FIELD
