"""Who am I, which tenants, who works in one."""

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import ProofRequired
from config.api.described import IDEMPOTENCY
from config.api.fresh import demand_fresh
from config.api.once import BadIdempotencyKey
from config.api.operations import operation
from config.api.paging import page
from config.api.serializers import all_of, page_of
from config.api.views import ApiView
from kernel.idempotency import KeyReused
from tenants import errors
from tenants.api import examples
from tenants.api import serializers as shapes
from tenants.api.authentication import PersonAuthentication
from tenants.api.making import make_tenant
from tenants.api.representations import (
    limits_json,
    me_json,
    member_json,
    members_json,
    my_tenant_json,
    settings_json,
    tenant_json,
)
from tenants.ends import ends_of
from tenants.permissions import Permission as P
from tenants.selectors import (
    asks_second_factor,
    get_member,
    get_settings,
    is_owner,
    list_members,
    touches_owners,
)
from tenants.services.leaving import leave_tenant
from tenants.services.limits import current_limits
from tenants.services.members import change_member, remove_member
from tenants.services.settings import change_settings
from tenants.services.tenant import change_tenant, tenants_of

OWNERS = "Only owners make and unmake owners, and only those who have proven themselves lately."
PERSON = "Any signed-in person; outside a tenant, so without `X-Tenant` and not for keys."


class Me(ApiView):
    @operation("me_get", "Who am I here", gives=shapes.MeShown, example=examples.ME)
    def get(self, request: Request) -> Response:
        return Response(me_json(request.user, request._request.tenant))


class Tenants(ApiView):
    """Outside a tenant: a person's own list, and making one."""

    authentication_classes = [PersonAuthentication]
    permission_classes = [IsAuthenticated]

    @operation(
        "tenants_list", "List my tenants", who=PERSON, in_tenant=False,
        gives=all_of(shapes.MyTenantShown),
        example={"results": [examples.MY_TENANT]},
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        mine = tenants_of(request.user)
        ends = ends_of(tenant for tenant, role in mine if role == "owner")
        return Response({"results": [my_tenant_json(t, role, ends.get(t.pk)) for t, role in mine]})

    @operation(
        "tenants_create", "Create a tenant", who=PERSON, in_tenant=False, takes=shapes.NewTenant,
        gives=shapes.TenantShown, status=201,
        problems=(errors.SlugTaken, errors.InvalidFields, errors.LimitReached, BadIdempotencyKey,
                  KeyReused),
        parameters=(IDEMPOTENCY,),
        asks={"name": "Acme", "slug": "acme"}, example=examples.TENANT,
        about="Whoever creates a tenant becomes its owner. How many one person may make is the "
        "installation's to say (`limit_reached`).",
    )  # fmt: skip
    def post(self, request: Request, body: dict[str, str]) -> Response:
        tenant, is_repeated = make_tenant(request, **body)
        headers = {"Idempotency-Replayed": "true"} if is_repeated else {}
        return Response(tenant_json(tenant), status=201, headers=headers)


class Leave(ApiView):
    """Outside a tenant, so that whoever cannot enter it any more can still leave it."""

    authentication_classes = [PersonAuthentication]
    permission_classes = [IsAuthenticated]

    @operation(
        "tenants_leave", "Leave a tenant", who=PERSON, in_tenant=False, status=204,
        problems=(errors.TenantNotFound, errors.TenantSuspended, errors.LastOwner),
        about="Ends one's own membership, and the keys that one made. Nobody brings back who left but by "
        "an invitation. The last owner stays.",
    )  # fmt: skip
    def post(self, request: Request, tenant_id: str) -> Response:
        raw = request._request
        leave_tenant(person=request.user, tenant_id=tenant_id, ip=raw.client_ip,
                     request_id=raw.request_id)  # fmt: skip
        return Response(status=204)


class CurrentTenant(ApiView):
    @operation("tenant_get", "Read the tenant", needs=(P.TENANT_READ,), gives=shapes.TenantShown,
               example=examples.TENANT)  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(tenant_json(request._request.tenant))

    @operation(
        "tenant_change", "Rename the tenant", needs=(P.TENANT_MANAGE,), takes=shapes.TenantChange,
        gives=shapes.TenantShown, problems=(errors.InvalidFields, errors.SlugTaken),
        asks={"name": "Acme Ltd"}, example={**examples.TENANT, "name": "Acme Ltd"},
    )  # fmt: skip
    def patch(self, request: Request, body: dict[str, str]) -> Response:
        return Response(tenant_json(change_tenant(**body)))


class Settings(ApiView):
    @operation("tenant_settings_get", "Read the settings", needs=(P.TENANT_READ,),
               gives=shapes.SettingsShown, example=examples.SETTINGS)  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(settings_json(get_settings()))

    @operation(
        "tenant_settings_change", "Change settings", needs=(P.SETTINGS_MANAGE,),
        takes=shapes.SettingsChange, gives=shapes.SettingsShown,
        problems=(errors.InvalidFields, ProofRequired),
        asks={"reopen_hours": 24, "retention_days": {"raw_deliveries": 30}},
        example={**examples.SETTINGS, "reopen_hours": 24},
        about="What would keep the caller out is refused: an allow-list without their own address, "
        "e-mail domains without theirs, a second factor that they have not set up. Asking for no "
        "second factor any more is for who has proven themselves lately.",
    )  # fmt: skip
    def patch(self, request: Request, body: dict[str, object]) -> Response:
        if body.get("second_factor_required") is False and asks_second_factor():
            demand_fresh(request)
        return Response(settings_json(change_settings(**body)))


class Limits(ApiView):
    @operation("tenant_limits", "Read the limits and their use", needs=(P.TENANT_READ,),
               gives=all_of(shapes.LimitShown), example={"results": examples.LIMITS},
               about="What a limit refuses is `limit_reached`, with its name in `limit`. The "
               "installation's staff change limits.")  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response({"results": limits_json(current_limits(request._request.tenant))})


class Members(ApiView):
    @operation("members_list", "List members", needs=(P.MEMBERS_READ,), paged=True,
               gives=page_of(shapes.MemberShown), example=examples.page(examples.MEMBER),
               about="Everyone who is or was a member, and whom an archive brought. Who is not one yet is "
               "invited: `POST /invitations`.")  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(
            page(request, list_members(), keys=("user_id",), render=members_json, scope="members")
        )


class Member(ApiView):
    @operation("members_get", "Read a member", needs=(P.MEMBERS_READ,), gives=shapes.MemberShown,
               problems=(errors.MemberNotFound,), example=examples.MEMBER)  # fmt: skip
    def get(self, request: Request, member_id: str) -> Response:
        return Response(member_json(get_member(member_id)))

    @operation(
        "members_change", "Change a member", takes=shapes.MemberChange, gives=shapes.MemberShown,
        who="Permission: `members:manage`; none for one's own availability.",
        problems=(errors.MemberNotFound, errors.RoleTooHigh, errors.LastOwner,
                  errors.InvalidFields, errors.EmailDomainNotAllowed, errors.LimitReached,
                  ProofRequired),
        asks={"role": "supervisor"}, example={**examples.MEMBER, "role": "supervisor"},
        about=f"Who left, and who came with an archive, is not made active here: they accept an "
        f"invitation. {OWNERS}",
    )  # fmt: skip
    def patch(self, request: Request, member_id: str, body: dict[str, str]) -> Response:
        if touches_owners(body, member_id):
            demand_fresh(request)
        return Response(member_json(change_member(member_id=member_id, **body)))

    @operation(
        "members_remove", "Remove a member", needs=(P.MEMBERS_MANAGE,), status=204,
        problems=(errors.MemberNotFound, errors.RoleTooHigh, errors.LastOwner,
                  ProofRequired),
        about=f"The keys that the member made end too. A tenant keeps one owner at least. {OWNERS}",
    )  # fmt: skip
    def delete(self, request: Request, member_id: str) -> Response:
        if is_owner(member_id):
            demand_fresh(request)
        remove_member(member_id=member_id)
        return Response(status=204)
