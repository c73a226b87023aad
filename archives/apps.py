"""Archives as a Django app."""

from django.apps import AppConfig


class ArchivesConfig(AppConfig):
    name = "archives"
    agent = "archive"
    default_auto_field = "kernel.mongo.fields.IdField"

    def ready(self) -> None:
        from archives.selectors import ends_of
        from archives.services import (
            erasing,
            erasure_mail,
            exporting,
            forgetting,
            importing,
            retention,
        )
        from tenants.ends import register_ends

        exporting.register_kind()
        importing.register_kind()
        erasing.register_kind()
        erasure_mail.register_kind()
        forgetting.register_kind()
        retention.register_kinds()
        register_ends(ends_of)
