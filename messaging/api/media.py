"""Files: uploaded, described, served by signed links."""

from typing import Any

from django.core.files.storage import default_storage
from django.http import FileResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.operations import operation
from config.api.parsers import UploadParser
from config.api.views import ApiView
from kernel.scoping import tenant_scope
from messaging import errors
from messaging.api import examples
from messaging.api import serializers as shapes
from messaging.api.representations import attachment_json
from messaging.media.links import opened
from messaging.media.thumbnails import MIME_TYPE
from messaging.models import Attachment
from messaging.selectors import get_attachment, linked_attachment
from messaging.services.upload import upload_media
from tenants.access import acting
from tenants.errors import LimitReached, PermissionDenied, TenantNotFound
from tenants.needs import READ_CONVERSATIONS
from tenants.permissions import Permission as P
from tenants.readers import STAFF, Reader, principal_of_reader
from tenants.services.support import note_view

# Shown inside a page; anything else is offered for saving.
INLINE = frozenset({
    "image/jpeg", "image/png", "image/webp", "image/gif", "audio/aac", "audio/amr", "audio/mpeg",
    "audio/mp4", "audio/ogg", "video/mp4", "video/3gpp", "application/pdf",
})  # fmt: skip


class Media(ApiView):
    parser_classes = [UploadParser]

    @operation(
        "media_upload", "Upload a file", needs=(P.MESSAGES_SEND,), upload=shapes.Upload,
        gives=shapes.AttachmentShown, status=201, problems=(errors.MediaTooLarge, LimitReached),
        example=examples.FILE,
        about="To send it by its id. What a channel takes is checked when it is sent.",
    )  # fmt: skip
    def post(self, request: Request, body: dict[str, Any]) -> Response:
        return Response(attachment_json(upload_media(file=body["file"])), status=201)


class OneMedia(ApiView):
    @operation("media_get", "Read about a file", needs=(READ_CONVERSATIONS,),
               gives=shapes.AttachmentShown, problems=(errors.MediaNotFound,),
               example=examples.FILE, about="With a new link to its bytes.")  # fmt: skip
    def get(self, request: Request, media_id: str) -> Response:
        return Response(attachment_json(get_attachment(media_id)))


class Content(ApiView):
    """The bytes. The link is the credential: it names the tenant, the file and the reader, and expires."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []

    @extend_schema(exclude=True)
    def get(self, request: Request, token: str) -> FileResponse:
        tenant_id, attachment_id, reader, is_thumbnail = opened(token)
        with tenant_scope(tenant_id):
            file = _shown_to(reader, attachment_id, request)
            return served_thumbnail(file) if is_thumbnail else served(file)


def _shown_to(reader: Reader, attachment_id: str, request: Request) -> Attachment:
    """The file, if whom the link is for may read it still; that staff open it is in the tenant's log."""
    try:
        principal = principal_of_reader(reader, ip=request.client_ip)
        with acting(principal, ip=request.client_ip, request_id=request.request_id):
            file = linked_attachment(attachment_id)
            if reader[0] == STAFF:
                note_view("attachment", file.pk)
            return file
    except (TenantNotFound, PermissionDenied) as refusal:
        raise errors.MediaNotFound from refusal


def served(file: Attachment) -> FileResponse:
    """The file's answer: never sniffed, never run, kept by the reader's own cache only."""
    if file.media_state != Attachment.STORED:
        raise errors.MediaNotFound
    inline = file.mime_type in INLINE
    return _guarded(
        FileResponse(
            default_storage.open(file.path, "rb"),
            as_attachment=not inline,
            filename=file.filename or file.pk,
            content_type=file.mime_type if inline else "application/octet-stream",
        )
    )


def served_thumbnail(file: Attachment) -> FileResponse:
    """The smaller copy's answer, under the same guard: we made it, of a stranger's bytes."""
    if file.media_state != Attachment.STORED or not file.thumbnail_path:
        raise errors.MediaNotFound
    small = default_storage.open(file.thumbnail_path, "rb")
    return _guarded(FileResponse(small, filename=f"{file.pk}.webp", content_type=MIME_TYPE))


def _guarded(response: FileResponse) -> FileResponse:
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, max-age=3600"
    response["Cross-Origin-Resource-Policy"] = "same-site"
    return response
