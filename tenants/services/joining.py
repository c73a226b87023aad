"""Accepting an invitation: once, by whoever has proved that the address is theirs."""

from allauth.account.models import EmailAddress
from django.conf import settings

from accounts.models import User
from kernel import audit
from kernel.actor import Actor, acting_as
from kernel.clock import now
from kernel.events import emit
from kernel.mongo.doors import ObjectId, UniqueViolation, collection, owner
from kernel.mongo.rows import find_one
from kernel.mongo.transactions import run_transaction
from kernel.scoping import Reason, tenant_scope, unscoped
from tenants import invitation_token
from tenants.entry import demand_domain
from tenants.errors import (
    AlreadyMember,
    InvitationClosed,
    InvitationForAnother,
    InvitationNotFound,
    TenantSuspended,
)
from tenants.events import InvitationAccepted, MemberChanged
from tenants.invitation_token import ParsedToken
from tenants.models import Invitation, Membership, Tenant
from tenants.placeholders import give_to, placeholder_of
from tenants.services.giving import may_still_give, note_given
from tenants.services.limits import demand_room
from tenants.services.members import seat


def accept_invitation(
    *, person: User, token: str, ip: str = "", request_id: str = ""
) -> tuple[Tenant, Membership]:
    """Make ``person`` a member, outside of any scope.

    Raises ``InvitationNotFound`` for a token that is none, ``InvitationClosed`` for one that is
    spent, ``InvitationForAnother`` for a person without its address, and what the tenant refuses.
    """
    parsed = invitation_token.parse(token)
    tenant = find_one(Tenant, {"_id": ObjectId(parsed.tenant_id)}) if parsed else None
    if parsed is None or tenant is None:
        raise InvitationNotFound
    actor = Actor(kind="person", id=person.pk, name=person.name, user_id=person.pk, ip=ip,
                  request_id=request_id)  # fmt: skip
    with tenant_scope(tenant), acting_as(actor):
        invitation = _due(parsed)
        _check(tenant, invitation, person)
        try:
            return tenant, run_transaction(lambda: _accept(invitation, parsed, person))
        except UniqueViolation as error:
            raise AlreadyMember from error


def _due(parsed: ParsedToken) -> Invitation:
    invitation = find_one(Invitation, {"_id": ObjectId(parsed.invitation_id)})
    if invitation is None or invitation.digest != parsed.digest:
        raise InvitationNotFound
    if invitation.status != Invitation.OPEN or invitation.expires_at <= now():
        raise InvitationClosed
    return invitation


def _check(tenant: Tenant, invitation: Invitation, person: User) -> None:
    if not owns(person, invitation.email):
        raise InvitationForAnother
    if tenant.status == Tenant.SUSPENDED:
        raise TenantSuspended
    demand_domain(tenant, invitation.email)
    # Whoever invited may have been removed or may hold less than they did.
    inviter = invitation.invited_by_id
    if inviter is not None and not may_still_give(inviter, invitation.role):
        raise InvitationClosed("whoever invited may no longer give this role")


def owns(person: User, address: str) -> bool:
    """By a verified address; where addresses are not verified, by the account's own."""
    if settings.ACCOUNT_EMAIL_VERIFICATION == "none" and person.email.lower() == address:
        return True
    proven = EmailAddress.objects.filter(user=person, email=address, verified=True)
    return bool(proven.exists())


def _accept(invitation: Invitation, parsed: ParsedToken, person: User) -> Membership:
    """Of those who accept at once one finds it open."""
    open_ = {**owner(), "_id": ObjectId(invitation.pk), "status": Invitation.OPEN,
             "digest": parsed.digest, "expires_at": {"$gt": now()}}  # fmt: skip
    spent = {"status": Invitation.ACCEPTED, "open_email": None, "accepted_at": now()}
    if not collection(Invitation).update_one(open_, {"$set": spent}).matched_count:
        raise InvitationClosed
    member = Membership.objects.filter(user_id=person.pk).first()
    if member is not None and member.status == Membership.ACTIVE:
        raise AlreadyMember
    if member is None and (member := placeholder_of(invitation.email)) is not None:
        give_to(member, person)
    demand_room("seats")
    note_given(invitation.role)
    member = seat(person, invitation.role) if member is None else _back(member, invitation.role)
    audit.record("invitation.accepted", invitation, {"member_id": [None, member.pk]})
    emit(InvitationAccepted(invitation_id=invitation.pk, member_id=member.pk))
    return member


def _back(member: Membership, role: str) -> Membership:
    """A former member returns, with what the invitation gives and no team."""
    changes = {"role": [member.role, role], "status": [member.status, Membership.ACTIVE]}
    member.role, member.status, member.team_ids = role, Membership.ACTIVE, []
    member.save(update_fields=["role", "status", "team_ids"])
    audit.record("member.changed", member, changes)
    emit(MemberChanged(member_id=member.pk, role=role, status=member.status))
    return member


def is_invited(email: str) -> bool:
    """Whether an invitation is open for the address in any tenant: for sign-up by invitation."""
    waiting = {"open_email": email.strip().lower(), "expires_at": {"$gt": now()}}
    with unscoped(Reason.LIST_MY_TENANTS):
        return collection(Invitation).find_one(waiting, {"_id": 1}) is not None
