"""Uploading a file to send later."""

import hashlib

from django.core.files.uploadedfile import UploadedFile

from kernel import audit
from kernel.mongo.ids import new_id
from kernel.mongo.transactions import run_transaction
from messaging.errors import MediaTooLarge
from messaging.media.fetch import store
from messaging.media.sniff import sniffed
from messaging.media.thumbnails import keep_thumbnail
from messaging.models import Attachment
from tenants.access import require
from tenants.permissions import Permission
from tenants.services.limits import use

MOST_BYTES = 100 * 1024 * 1024
KINDS = {"image/webp": "sticker"}


def upload_media(*, file: UploadedFile) -> Attachment:
    """Keep a file of at most 100 MB; what a channel takes is checked when it is sent.

    Raises ``MediaTooLarge``, and ``LimitReached`` when the tenant's storage is full.
    """
    require(Permission.MESSAGES_SEND)
    if (file.size or 0) > MOST_BYTES:
        raise MediaTooLarge(limit=MOST_BYTES)
    data = file.read()
    mime_type = sniffed(data, file.content_type or "")
    digest = hashlib.sha256(data).hexdigest()
    use("storage_bytes", len(data))
    path = store(digest, data, is_counted=True)
    id_ = new_id()
    kind = KINDS.get(mime_type) or mime_type.split("/")[0]
    attachment = Attachment(
        pk=id_, lane=id_, state=Attachment.DONE, open=False, media_state=Attachment.STORED, path=path,
        kind=kind if kind in ("image", "audio", "video", "sticker") else "document",
        mime_type=mime_type[:120], filename=(file.name or "")[:240], size=len(data), sha256=digest,
        thumbnail_path=keep_thumbnail(digest, data, mime_type),
    )  # fmt: skip

    def body() -> Attachment:
        attachment.save(force_insert=True)
        audit.record("media.uploaded", attachment, {"size": [None, len(data)]})
        return attachment

    return run_transaction(body)
