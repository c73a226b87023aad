"""Exports of a tenant or a contact, and erasing them: what is asked inside the tenant."""

from typing import Any

from django.core.files.storage import default_storage
from django.http import FileResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from archives import errors
from archives.api import examples
from archives.api import serializers as shapes
from archives.api.representations import (
    contact_erasure_json,
    contact_erasures_json,
    erasure_json,
    export_json,
    exports_json,
    retention_runs_json,
)
from archives.models import Export
from archives.selectors import (
    get_contact_erasure,
    get_export,
    list_contact_erasures,
    list_exports,
    list_retention_runs,
)
from archives.services.erasures import ask_erasure
from archives.services.exports import (
    ask_contact_export,
    ask_export,
    cancel_export,
    fetch_export,
    opened,
)
from archives.services.forgetting import erase_contact
from config.api.operations import operation
from config.api.paging import page
from config.api.serializers import page_of
from config.api.views import ApiView
from crm.errors import ContactNotFound
from kernel.scoping import tenant_scope
from tenants.access import acting
from tenants.errors import PermissionDenied, TenantNotFound
from tenants.needs import any_of
from tenants.permissions import Permission as P
from tenants.readers import Reader, principal_of_reader

EITHER = any_of(P.EXPORTS_CREATE, P.CONTACTS_EXPORT)  # the latter for that of a contact
SEES_CONTACTS = any_of(P.CONTACTS_READ, P.CONTACTS_WRITE)


class Exports(ApiView):
    @operation("exports_list", "List exports", needs=(P.EXPORTS_CREATE,), paged=True,
               gives=page_of(shapes.ExportShown), example=examples.page(examples.EXPORT))  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(
            page(request, list_exports(), keys=("-id",), render=exports_json, scope="exports")
        )

    @operation(
        "exports_create", "Export the tenant", costly=True, needs=(P.EXPORTS_CREATE,), gives=shapes.ExportShown,
        status=202, problems=(errors.ExportRunning,), fresh=True,
        example={**examples.EXPORT, "phase": "queued", "url": None},
        about="Writes everything but secrets into one archive, in the background. It is kept for a "
        "week. Read the export for its progress and its link.",
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        return Response(export_json(ask_export()), status=202)


class OneExport(ApiView):
    @operation("exports_get", "Read an export", needs=(EITHER,), gives=shapes.ExportShown,
               problems=(errors.ExportNotFound,), example=examples.EXPORT)  # fmt: skip
    def get(self, request: Request, export_id: str) -> Response:
        return Response(export_json(get_export(export_id)))

    @operation(
        "exports_cancel", "Cancel or remove an export", needs=(EITHER,), gives=shapes.ExportShown,
        status=202, problems=(errors.ExportNotFound, errors.ExportOver), example=examples.EXPORT,
        about="Stops the writing; of one that is ready the file is removed.",
    )  # fmt: skip
    def delete(self, request: Request, export_id: str) -> Response:
        return Response(export_json(cancel_export(export_id=export_id)), status=202)


class Content(ApiView):
    """The archive. The link is the credential: it names the tenant, the export and the reader, and expires."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []

    @extend_schema(exclude=True)
    def get(self, request: Request, token: str) -> FileResponse:
        tenant_id, export_id, reader = opened(token)
        with tenant_scope(tenant_id):
            export = _shown_to(reader, export_id, request)
            response = FileResponse(default_storage.open(export.path, "rb"), as_attachment=True,
                                    filename=f"export-{export.pk}.tar", content_type="application/x-tar")  # fmt: skip
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "private, no-store"
        return response


def _shown_to(reader: Reader, export_id: str, request: Request) -> Export:
    """The export, if whom the link is for may read it still; recorded under their name."""
    try:
        principal = principal_of_reader(reader, ip=request.client_ip)
        with acting(principal, ip=request.client_ip, request_id=request.request_id):
            return fetch_export(export_id)
    except (TenantNotFound, PermissionDenied) as refusal:
        raise errors.ExportNotFound from refusal


class EraseTenant(ApiView):
    @operation(
        "tenant_erase", "Erase the tenant", needs=(P.TENANT_ERASE,), takes=shapes.AskErasure, fresh=True,
        gives=shapes.ErasureShown, status=202, problems=(errors.NotConfirmed, errors.ErasureOpen),
        asks={"slug": "acme"}, example=examples.ERASURE,
        about="Asked by a person, not by a key. Suspends the tenant now and erases it when the grace period ends. Until then it can "
        "be cancelled by any of its owners, who are all told by e-mail; from then on nothing of it can be had "
        "back. Export it first.",
    )  # fmt: skip
    def post(self, request: Request, body: dict[str, Any]) -> Response:
        return Response(erasure_json(ask_erasure(**body)), status=202)


class ContactExport(ApiView):
    @operation(
        "contacts_export", "Export a contact", gives=shapes.ExportShown, status=202, costly=True,
        needs=(P.CONTACTS_EXPORT, P.CONVERSATIONS_READ_ALL, SEES_CONTACTS), problems=(ContactNotFound, errors.ExportRunning),
        example={**examples.EXPORT, "contact_id": examples.ID, "phase": "queued", "url": None},
        about="Everything of one person in an archive: what they may ask a company for. It has all "
        "conversations with them, so whoever asks may read all.",
    )  # fmt: skip
    def post(self, request: Request, contact_id: str) -> Response:
        return Response(export_json(ask_contact_export(contact_id=contact_id)), status=202)


class ContactErase(ApiView):
    @operation(
        "contacts_erase", "Erase a contact", needs=(P.CONTACTS_ERASE, SEES_CONTACTS),
        gives=shapes.ContactErasureShown, status=202, problems=(ContactNotFound, errors.ErasureOpen),
        example={**examples.CONTACT_ERASURE, "state": "running", "certificate": None},
        about="Empties what is known of the person and what was said with them, in the background. "
        "The contact and its messages stay in their places without a word in them.",
    )  # fmt: skip
    def post(self, request: Request, contact_id: str) -> Response:
        return Response(contact_erasure_json(erase_contact(contact_id=contact_id)), status=202)


class ContactErasures(ApiView):
    @operation("contact_erasures_list", "List erasures of contacts", needs=(P.CONTACTS_ERASE,), paged=True,
               gives=page_of(shapes.ContactErasureShown),
               example=examples.page(examples.CONTACT_ERASURE))  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(page(request, list_contact_erasures(), keys=("-id",),
                             render=contact_erasures_json, scope="contact_erasures"))  # fmt: skip


class OneContactErasure(ApiView):
    @operation("contact_erasures_get", "Read an erasure of a contact", needs=(P.CONTACTS_ERASE,),
               gives=shapes.ContactErasureShown, problems=(errors.ErasureNotFound,),
               example=examples.CONTACT_ERASURE, about="With its certificate at the end.")  # fmt: skip
    def get(self, request: Request, contact_erasure_id: str) -> Response:
        return Response(contact_erasure_json(get_contact_erasure(contact_erasure_id)))


class RetentionRuns(ApiView):
    @operation(
        "retention_runs_list", "List what retention removed", needs=(P.SETTINGS_MANAGE,), paged=True,
        gives=page_of(shapes.RetentionRunShown), example=examples.page(examples.RETENTION_RUN),
        about="A run a day, the newest first, as long as `retention_days` of the settings names a kind.",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(page(request, list_retention_runs(), keys=("-id",),
                             render=retention_runs_json, scope="retention_runs"))  # fmt: skip
