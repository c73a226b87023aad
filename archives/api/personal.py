"""What a person asks outside of any tenant: imports, and certificates of tenants that are gone."""

from functools import partial
from typing import Any

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from archives import errors
from archives.api import examples
from archives.api import serializers as shapes
from archives.api.parsers import ArchiveParser
from archives.api.representations import erasure_json, import_json, imports_json
from archives.selectors import get_erasure, get_import, list_imports
from archives.services.erasures import cancel_erasure
from archives.services.imports import ask_import
from config.api.operations import operation
from config.api.paging import page
from config.api.serializers import page_of
from config.api.views import ApiView
from kernel.archive.errors import ArchiveRefused
from tenants.api.authentication import PersonAuthentication
from tenants.api.views import PERSON
from tenants.errors import InvalidFields, LimitReached, SlugTaken
from tenants.staff import oversees


class PersonalView(ApiView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsAuthenticated]


class Imports(PersonalView):
    parser_classes = [ArchiveParser]

    @operation("imports_list", "List my imports", who=PERSON, in_tenant=False, paged=True,
               gives=page_of(shapes.ImportShown), example=examples.page(examples.IMPORT),
               about="The newest first. That of a tenant that was erased since is gone with it.")  # fmt: skip
    def get(self, request: Request) -> Response:
        mine = request.user.pk
        return Response(page(request, list_imports(user_id=mine), keys=("-id",), render=imports_json,
                             scope="imports", of=mine))  # fmt: skip

    @operation(
        "imports_create", "Import a tenant", costly=True, who=PERSON, in_tenant=False, upload=shapes.ArchiveUpload,
        gives=shapes.ImportShown, status=202, example={**examples.IMPORT, "phase": "checking"},
        problems=(ArchiveRefused, errors.ArchiveTooLarge, errors.ImportRunning, SlugTaken,
                  InvalidFields, LimitReached),
        about="Checks an archive that an export wrote, and takes it in as a new tenant whose owner "
        "is whoever asks. Nobody else in it becomes a member: they are there, disabled, with the names "
        "that stand beside what they wrote, until they accept an invitation. What is refused leaves "
        "nothing behind.",
    )  # fmt: skip
    def post(self, request: Request, body: dict[str, Any]) -> Response:
        row = ask_import(person=request.user, file=body["file"], slug=body["slug"])
        return Response(import_json(row), status=202)


class OneImport(PersonalView):
    @operation("imports_get", "Read an import", who=PERSON, in_tenant=False, gives=shapes.ImportShown,
               problems=(errors.ImportNotFound,), example=examples.IMPORT)  # fmt: skip
    def get(self, request: Request, import_id: str) -> Response:
        return Response(import_json(get_import(import_id, user_id=request.user.pk)))


class OneErasure(PersonalView):
    @operation(
        "erasures_get", "Read an erasure", in_tenant=False, gives=shapes.ErasureShown,
        who="Any signed-in person who asked for it or owns the tenant; superusers with a second factor who signed in within "
        "twelve hours, and so proven other staff who were granted the tenant. Outside a tenant, so "
        "without `X-Tenant` and not for keys.",
        problems=(errors.ErasureNotFound,), example=examples.CERTIFIED,
        about="With its certificate at the end: what there was, and that it is gone. By then the tenant has "
        "no owners, so it is for those who asked.",
    )  # fmt: skip
    def get(self, request: Request, erasure_id: str) -> Response:
        found = get_erasure(
            erasure_id, user_id=request.user.pk, oversees=partial(oversees, request)
        )
        return Response(erasure_json(found))


class CancelErasure(PersonalView):
    @operation(
        "erasures_cancel", "Cancel an erasure", in_tenant=False, gives=shapes.ErasureShown,
        who="Any signed-in person who asked for it or owns the tenant; outside a tenant, so without "
        "`X-Tenant` and not for keys.",
        problems=(errors.ErasureNotFound, errors.ErasureBegun),
        example={**examples.ERASURE, "state": "cancelled"},
        about="Until the grace period ends. The tenant goes on where it was. Owners find the erasure in "
        "`GET /tenants` and in the e-mail that tells them of it.",
    )  # fmt: skip
    def post(self, request: Request, erasure_id: str) -> Response:
        return Response(erasure_json(
            cancel_erasure(erasure_id=erasure_id, user_id=request.user.pk)
        ))  # fmt: skip
