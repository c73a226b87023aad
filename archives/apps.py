"""Archives as a Django app."""

from django.apps import AppConfig


class ArchivesConfig(AppConfig):
    name = "archives"
    agent = "archive"
    default_auto_field = "kernel.mongo.fields.IdField"

    def ready(self) -> None:
        from archives.services import (
            erasing,
            exporting,
            forgetting,
            importing,
            retention,
        )

        exporting.register_kind()
        importing.register_kind()
        erasing.register_kind()
        forgetting.register_kind()
        retention.register_kinds()
