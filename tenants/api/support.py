"""Who of the staff may enter a tenant: listed, granted and ended by superusers."""

from datetime import timedelta
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from config.api.operations import operation
from config.api.paging import page
from config.api.serializers import page_of
from tenants import errors
from tenants.api import examples
from tenants.api import operator_shapes as shapes
from tenants.api.operator_shown import grant_json, grants_json
from tenants.api.operators import PROBLEMS, WHO, OperatorView
from tenants.api.serializers import Because
from tenants.selectors import list_grants
from tenants.services.support import grant_access, note_view, revoke_access
from tenants.staff import operating


class Grants(OperatorView):
    @operation(
        "staff_grants_list", "List who of the staff may enter a tenant", who=WHO, in_tenant=False, paged=True,
        gives=page_of(shapes.GrantShown), problems=PROBLEMS, example=examples.page(examples.GRANT),
        about="The newest first, those that have ended as well.",
    )  # fmt: skip
    def get(self, request: Request, tenant_id: str) -> Response:
        with operating(request, tenant_id):
            note_view("staffgrant")
            return Response(
                page(request, list_grants(), keys=("-id",), render=grants_json, scope="grants")
            )

    @operation(
        "staff_grants_create", "Let a member of staff into a tenant", who=WHO, in_tenant=False,
        takes=shapes.NewGrant, gives=shapes.GrantShown, status=201,
        problems=(*PROBLEMS, errors.NotStaff, errors.InvalidFields),
        asks={"email": "sam@example.net", "hours": 8, "reason": "Ticket 4711"}, example=examples.GRANT,
        about="For thirty days at most. They enter in the backoffice; the tenant reads of it, with the "
        "reason, in its audit log.",
    )  # fmt: skip
    def post(self, request: Request, tenant_id: str, body: dict[str, Any]) -> Response:
        with operating(request, tenant_id):
            grant = grant_access(by=request.user, email=body["email"], reason=body["reason"],
                                 lasts=timedelta(hours=body["hours"]))  # fmt: skip
            return Response(grant_json(grant), status=201)


class EndGrant(OperatorView):
    @operation(
        "staff_grants_end", "End a grant", who=WHO, in_tenant=False, takes=Because, gives=shapes.GrantShown,
        problems=(*PROBLEMS, errors.GrantNotFound), asks={"reason": "The ticket is closed"},
        example={**examples.GRANT, "is_open": False, "revoked_at": examples.AT},
        about="Its holder is out from their next request.",
    )  # fmt: skip
    def post(
        self, request: Request, tenant_id: str, grant_id: str, body: dict[str, str]
    ) -> Response:
        with operating(request, tenant_id):
            ended = revoke_access(by=request.user, grant_id=grant_id, reason=body["reason"])
            return Response(grant_json(ended))
