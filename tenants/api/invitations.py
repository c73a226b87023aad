"""Invitations: sent, listed, sent again, revoked by the tenant; accepted by the person."""

from typing import Any

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import ProofRequired
from config.api.fresh import demand_fresh
from config.api.operations import operation
from config.api.paging import page
from config.api.serializers import page_of
from config.api.views import ApiView
from tenants import errors
from tenants.api import examples
from tenants.api import group_shapes as shapes
from tenants.api.authentication import PersonAuthentication
from tenants.api.representations import (
    invitation_json,
    invitations_json,
    member_json,
    tenant_json,
)
from tenants.permissions import Permission as P
from tenants.selectors import get_invitation, list_invitations, touches_owners
from tenants.services.invitations import invite, resend_invitation, revoke_invitation
from tenants.services.joining import accept_invitation

CLOSED = (errors.InvitationNotFound, errors.InvitationClosed)
PERSON = "Any signed-in person; outside a tenant, so without `X-Tenant` and not for keys."


class Invitations(ApiView):
    @operation("invitations_list", "List invitations", needs=(P.MEMBERS_INVITE,), paged=True,
               gives=page_of(shapes.InvitationShown), example=examples.page(examples.INVITATION))  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(page(request, list_invitations(), keys=("-id",), render=invitations_json,
                             scope="invitations"))  # fmt: skip

    @operation(
        "invitations_create", "Invite somebody", costly=True, needs=(P.MEMBERS_INVITE,),
        takes=shapes.NewInvitation, gives=shapes.InvitationShown, status=201,
        problems=(errors.RoleTooHigh, errors.InvalidFields, errors.EmailDomainNotAllowed,
                  errors.AlreadyMember, errors.AlreadyInvited, errors.LimitReached,
                  ProofRequired),
        asks={"email": "grace@example.com", "role": "agent"},
        example={**examples.INVITATION, "mailed_at": None},
        about="Writes an e-mail with a link that works once, for this address alone. The answer is "
        "the same whether or not the address has an account. Owners are invited by owners who "
        "have proven themselves lately.",
    )  # fmt: skip
    def post(self, request: Request, body: dict[str, Any]) -> Response:
        if touches_owners(body):
            demand_fresh(request)
        return Response(invitation_json(invite(**body)), status=201)


class OneInvitation(ApiView):
    @operation("invitations_get", "Read an invitation", needs=(P.MEMBERS_INVITE,),
               gives=shapes.InvitationShown, problems=(errors.InvitationNotFound,),
               example=examples.INVITATION)  # fmt: skip
    def get(self, request: Request, invitation_id: str) -> Response:
        return Response(invitation_json(get_invitation(invitation_id)))

    @operation("invitations_revoke", "Revoke an invitation", needs=(P.MEMBERS_INVITE,), status=204,
               problems=(*CLOSED, errors.RoleTooHigh, errors.InvalidFields),
               about="Its link opens nothing any more.")  # fmt: skip
    def delete(self, request: Request, invitation_id: str) -> Response:
        revoke_invitation(invitation_id=invitation_id)
        return Response(status=204)


class Resend(ApiView):
    @operation(
        "invitations_resend", "Send an invitation again", costly=True, needs=(P.MEMBERS_INVITE,),
        gives=shapes.InvitationShown,
        problems=(*CLOSED, errors.RoleTooHigh, errors.InvalidFields, errors.LimitReached),
        example={**examples.INVITATION, "mailed_at": None},
        about="With a new link and a new term; the link before opens nothing any more.",
    )  # fmt: skip
    def post(self, request: Request, invitation_id: str) -> Response:
        return Response(invitation_json(resend_invitation(invitation_id=invitation_id)))


class Accept(ApiView):
    """Outside a tenant: whoever accepts is no member yet."""

    authentication_classes = [PersonAuthentication]
    permission_classes = [IsAuthenticated]

    @operation(
        "invitations_accept", "Accept an invitation", who=PERSON, in_tenant=False,
        takes=shapes.Acceptance, gives=shapes.AcceptedShown,
        problems=(*CLOSED, errors.InvitationForAnother, errors.AlreadyMember,
                  errors.EmailDomainNotAllowed, errors.TenantSuspended, errors.LimitReached,
                  errors.InvalidFields),
        asks={"token": "sb_inv_…"}, example={"tenant": examples.TENANT, "member": examples.MEMBER},
        about="By a person whose verified address is the invitation's. It works once.",
    )  # fmt: skip
    def post(self, request: Request, body: dict[str, Any]) -> Response:
        raw = request._request
        tenant, member = accept_invitation(
            person=request.user, ip=raw.client_ip, request_id=raw.request_id, **body
        )
        return Response({"tenant": tenant_json(tenant), "member": member_json(member)})
