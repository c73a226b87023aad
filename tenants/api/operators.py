"""What the installation's own people see of tenants and do to them from outside; the backoffice does the same."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.operations import operation
from config.api.paging import page
from config.api.serializers import all_of, page_of
from config.api.views import ApiView
from kernel.errors import NotFound
from tenants import errors
from tenants.api import examples, operator_shapes
from tenants.api import serializers as shapes
from tenants.api.authentication import PersonAuthentication
from tenants.api.operator_shown import operated_json, tenants_json
from tenants.api.representations import limits_json, tenant_json
from tenants.models import Tenant
from tenants.selectors import list_owners
from tenants.services.limits import current_limits, set_limits
from tenants.services.settings import open_entry
from tenants.services.support import note_view
from tenants.services.tenant import resume_tenant, suspend_tenant
from tenants.staff import operating, operator, slug_begins

WHO = (
    "Any signed-in superuser of the installation, with a second factor and a sign-in within twelve hours; outside a "
    "tenant, so without `X-Tenant` and not for keys. For everybody else there is no such tenant."
)
OF_ALL = (
    "Any signed-in superuser of the installation, with a second factor and a sign-in within twelve hours; outside a "
    "tenant, so without `X-Tenant` and not for keys. For everybody else there is nothing here."
)
OF_ALL_PROBLEMS = (NotFound, errors.SecondFactorRequired)
PROBLEMS = (errors.TenantNotFound, errors.SecondFactorRequired)


class OperatorView(ApiView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsAuthenticated]


class PlatformTenants(OperatorView):
    @operation(
        "platform_tenants_list", "List all tenants", who=OF_ALL, in_tenant=False, paged=True,
        gives=page_of(shapes.TenantShown), problems=OF_ALL_PROBLEMS, example=examples.page(examples.TENANT),
        parameters=[OpenApiParameter("slug", str, description="The beginning of a slug.")],
        about="By slug.",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        by = operator(request)
        begins = request.query_params.get("slug", "")
        rows = Tenant.objects.filter(slug_begins(begins)) if begins else Tenant.objects.all()
        return Response(page(request, rows, keys=("slug",), render=tenants_json,
                             scope="platform:tenants", of=by.pk))  # fmt: skip


class OneTenant(OperatorView):
    @operation(
        "tenants_get", "Read any tenant", who=WHO, in_tenant=False, gives=operator_shapes.OperatedTenantShown,
        problems=PROBLEMS, example=examples.OPERATED,
        about="Its status, who owns it, what it asks of who enters, its limits and their use. An entry "
        "`staff.viewed` of its audit log.",
    )  # fmt: skip
    def get(self, request: Request, tenant_id: str) -> Response:
        with operating(request, tenant_id) as tenant:
            note_view("tenant", tenant.pk)
            return Response(operated_json(tenant, list_owners(), current_limits(tenant)))


class OpenEntry(OperatorView):
    @operation(
        "tenants_open_entry", "Open a tenant that locked itself out", who=WHO, in_tenant=False,
        takes=shapes.Because, gives=shapes.TenantShown, problems=PROBLEMS,
        asks={"reason": "Their office moved; the owner rang from the number on the contract"},
        example=examples.TENANT,
        about="Clears its networks, its e-mail domains and its demand for a second factor. Make sure by "
        "another way that it is an owner who asks.",
    )  # fmt: skip
    def post(self, request: Request, tenant_id: str, body: dict[str, str]) -> Response:
        with operating(request, tenant_id) as tenant:
            return Response(tenant_json(open_entry(tenant=tenant, reason=body["reason"])))


class Suspend(OperatorView):
    @operation(
        "tenants_suspend", "Suspend a tenant", who=WHO, in_tenant=False, takes=shapes.Because,
        gives=shapes.TenantShown, problems=PROBLEMS, asks={"reason": "The invoice is unpaid"},
        example={**examples.TENANT, "status": "suspended"},
        about="From now on its API answers 403, its sends are held and what customers write is parked; "
        "its streams are closed. Suspending it again changes nothing; while an erasure was asked for it "
        "stays suspended even if that is cancelled.",
    )  # fmt: skip
    def post(self, request: Request, tenant_id: str, body: dict[str, str]) -> Response:
        with operating(request, tenant_id) as tenant:
            return Response(tenant_json(suspend_tenant(tenant=tenant, reason=body["reason"])))


class Resume(OperatorView):
    @operation(
        "tenants_resume", "Resume a tenant", who=WHO, in_tenant=False, takes=shapes.Because,
        gives=shapes.TenantShown, asks={"reason": "The invoice is paid"}, example=examples.TENANT,
        problems=(*PROBLEMS, errors.ErasureOpen, errors.TenantIncomplete),
        about="What was parked and held goes on, in order. Not while an erasure was asked for: an owner, or "
        "who asked, cancels that first.",
    )  # fmt: skip
    def post(self, request: Request, tenant_id: str, body: dict[str, str]) -> Response:
        with operating(request, tenant_id) as tenant:
            return Response(tenant_json(resume_tenant(tenant=tenant, reason=body["reason"])))


class OwnLimits(OperatorView):
    @operation(
        "tenants_limits_change", "Change a tenant's limits", who=WHO, in_tenant=False,
        takes=shapes.LimitsChange, gives=all_of(shapes.LimitShown),
        problems=(*PROBLEMS, errors.InvalidFields),
        asks={"limits": {"seats": 25, "messages_per_day": None}, "reason": "A larger contract"},
        example={"results": examples.LIMITS},
        about="Only those that are named change; null is no limit. What is over a lower limit stays, and "
        "nothing is added to it.",
    )  # fmt: skip
    def patch(self, request: Request, tenant_id: str, body: dict[str, Any]) -> Response:
        with operating(request, tenant_id) as tenant:
            set_limits(tenant=tenant, changes=body["limits"], reason=body["reason"])
            return Response({"results": limits_json(current_limits(tenant))})
