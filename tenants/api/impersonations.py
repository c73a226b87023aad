"""Staff who act as a member for half an hour: begun with a reason, named on each request, ended."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from config.api.operations import operation
from config.api.paging import page
from config.api.serializers import page_of
from kernel.actor import because
from tenants import errors
from tenants.api import examples
from tenants.api import operator_shapes as shapes
from tenants.api.operator_shown import impersonation_json, impersonations_json
from tenants.api.operators import PROBLEMS, OperatorView
from tenants.api.serializers import Because
from tenants.selectors import get_active_member, list_impersonations
from tenants.services.support import begin_impersonation, end_impersonation, note_view
from tenants.staff import entering

STAFF = (
    "Any signed-in member of staff who may enter the tenant, by a grant or as a superuser, with a second factor and a "
    "sign-in within twelve hours; outside a tenant, so without `X-Tenant` and not for keys. For everybody else there "
    "is no such tenant."
)


class Impersonations(OperatorView):
    @operation(
        "impersonations_list", "List who of the staff acted as whom", who=STAFF, in_tenant=False, paged=True,
        gives=page_of(shapes.ImpersonationShown), problems=PROBLEMS,
        example=examples.page(examples.IMPERSONATION), about="The newest first.",
    )  # fmt: skip
    def get(self, request: Request, tenant_id: str) -> Response:
        with entering(request, tenant_id):
            note_view("impersonation")
            return Response(page(request, list_impersonations(), keys=("-id",),
                                 render=impersonations_json, scope="impersonations"))  # fmt: skip

    @operation(
        "impersonations_create", "Act as a member", who=STAFF, in_tenant=False, takes=shapes.NewImpersonation,
        gives=shapes.ImpersonationShown, status=201,
        problems=(*PROBLEMS, errors.MemberNotFound, errors.SupportRefused, errors.InvalidFields),
        asks={"email": "ana@example.com", "reason": "Ticket 4711: cannot close it"},
        example=examples.IMPERSONATION,
        about="For half an hour; any number at once. Send its id in `X-Impersonation`, with the tenant in `X-Tenant`: the request is "
        "taken for the member's, without what nobody does under another's name (credentials, members, settings, "
        "exports, erasure), and answered with the header `Acting-As`. When it is over the answer is "
        "`impersonation_ended`. The tenant's audit log names both for what is done and what is read.",
    )  # fmt: skip
    def post(self, request: Request, tenant_id: str, body: dict[str, Any]) -> Response:
        with entering(request, tenant_id):
            member = get_active_member(body["email"])
            begun = begin_impersonation(by=request.user, member_id=member.pk, reason=body["reason"])
            return Response(impersonation_json(begun), status=201)


class EndImpersonation(OperatorView):
    @operation(
        "impersonations_end", "Act under one's own name again", who=STAFF, in_tenant=False, takes=Because,
        asks={"reason": "It is solved"}, gives=shapes.ImpersonationShown, problems=(*PROBLEMS, errors.ImpersonationNotFound),
        example={**examples.IMPERSONATION, "is_running": False, "ended_at": examples.AT},
        about="One's own, or a colleague's; it holds from the next request. One that is over stays as it is.",
    )  # fmt: skip
    def post(
        self, request: Request, tenant_id: str, impersonation_id: str, body: dict[str, Any]
    ) -> Response:
        with entering(request, tenant_id), because(body["reason"]):
            return Response(
                impersonation_json(end_impersonation(impersonation_id=impersonation_id))
            )
