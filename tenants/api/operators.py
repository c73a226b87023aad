"""What the installation's own people do to a tenant from outside of it; the backoffice does the same."""

from typing import Any

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.operations import operation
from config.api.serializers import all_of
from config.api.views import ApiView
from tenants import errors
from tenants.api import examples
from tenants.api import serializers as shapes
from tenants.api.authentication import PersonAuthentication
from tenants.api.representations import limits_json, tenant_json
from tenants.services.limits import current_limits, set_limits
from tenants.services.tenant import resume_tenant, suspend_tenant
from tenants.staff import operated, staff_in

WHO = (
    "Any superuser of the installation with a second factor who signed in within twelve hours; outside a "
    "tenant, so without `X-Tenant` and not for keys. For everybody else there is no such tenant."
)
PROBLEMS = (errors.TenantNotFound, errors.SecondFactorRequired)


class OperatorView(ApiView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsAuthenticated]


class Suspend(OperatorView):
    @operation(
        "tenants_suspend", "Suspend a tenant", who=WHO, in_tenant=False, takes=shapes.Because,
        gives=shapes.TenantShown, problems=PROBLEMS, asks={"reason": "The invoice is unpaid"},
        example={**examples.TENANT, "status": "suspended"},
        about="From now on its API answers 403, its sends are held and what customers write is parked; "
        "its streams are closed. Suspending it again changes nothing.",
    )  # fmt: skip
    def post(self, request: Request, tenant_id: str, body: dict[str, str]) -> Response:
        tenant = operated(request, tenant_id)
        with staff_in(tenant, request):
            return Response(tenant_json(suspend_tenant(tenant=tenant, reason=body["reason"])))


class Resume(OperatorView):
    @operation(
        "tenants_resume", "Resume a tenant", who=WHO, in_tenant=False, takes=shapes.Because,
        gives=shapes.TenantShown, problems=PROBLEMS, asks={"reason": "The invoice is paid"},
        example=examples.TENANT, about="What was parked and held goes on, in order.",
    )  # fmt: skip
    def post(self, request: Request, tenant_id: str, body: dict[str, str]) -> Response:
        tenant = operated(request, tenant_id)
        with staff_in(tenant, request):
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
        tenant = operated(request, tenant_id)
        with staff_in(tenant, request):
            set_limits(tenant=tenant, changes=body["limits"], reason=body["reason"])
            return Response({"results": limits_json(current_limits(tenant))})
