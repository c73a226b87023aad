"""Uploads that are shown to a provider as examples, for the app below that asks for them."""

from functools import partial

from django.core.files.storage import default_storage

from channels.files import Upload
from messaging.models import Attachment
from messaging.selectors import visible_attachment

ID_LENGTH = 24


def example_of(media_id: str) -> Upload | None:
    """A file of ``POST /media`` that the caller sees. A message's file is its conversation's alone."""
    is_id = len(media_id) == ID_LENGTH and all(c in "0123456789abcdef" for c in media_id)
    file = visible_attachment(media_id) if is_id else None
    if file is None or file.message_id or file.media_state != Attachment.STORED:
        return None
    return Upload(mime_type=file.mime_type, size=file.size or 0, read=partial(_bytes, file.path))


def _bytes(path: str) -> bytes:
    with default_storage.open(path, "rb") as stored:
        return bytes(stored.read())
