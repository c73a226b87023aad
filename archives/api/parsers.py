"""Reading an uploaded archive."""

from typing import Any

from django.conf import settings
from rest_framework.parsers import MultiPartParser

from archives.errors import ArchiveTooLarge
from config.api.parsers import FORM_OVERHEAD


class ArchiveParser(MultiPartParser):
    """A form with an archive. Its length is known before a byte is kept; it goes to disk as it comes."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        length = str(stream.META.get("CONTENT_LENGTH") or "")
        most = settings.IMPORT_MAX_BYTES
        if not length.isdecimal() or int(length) > most + FORM_OVERHEAD:
            raise ArchiveTooLarge(limit=most)
        return super().parse(stream, media_type, parser_context)
