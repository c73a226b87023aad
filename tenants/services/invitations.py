"""Invitations: sent, sent again, revoked. Whether the address has an account shows nowhere."""

from datetime import timedelta

from django.conf import settings

from kernel import audit, vault, work
from kernel.clock import now
from kernel.events import emit
from kernel.mongo.doors import ObjectId, UniqueViolation, collection, owner
from kernel.mongo.ids import new_id
from kernel.mongo.transactions import run_transaction
from kernel.scoping import active_tenant_id
from tenants import invitation_token
from tenants.access import Principal, require
from tenants.entry import demand_domain
from tenants.errors import AlreadyInvited, AlreadyMember, InvitationClosed, InvitationNotFound
from tenants.events import InvitationRevoked, InvitationSent
from tenants.models import Invitation, InvitationMail, Membership
from tenants.permissions import Permission
from tenants.selectors import get_tenant
from tenants.services.giving import demand_may_give, note_given
from tenants.services.limits import demand_room, using
from tenants.services.validation import validated

KIND = "invite"


def invite(*, email: str, role: str) -> Invitation:
    """Ask an address in, by e-mail; one invitation is open for each address.

    Raises ``RoleTooHigh``, ``EmailDomainNotAllowed``, ``AlreadyMember``, ``AlreadyInvited`` and
    ``LimitReached``.
    """
    principal = require(Permission.MEMBERS_INVITE)
    address = email.strip().lower()
    demand_may_give(principal, role)
    demand_domain(get_tenant(), address)
    _demand_new(address)
    try:
        with using("invitations_per_day"):
            return run_transaction(lambda: _invite(principal, address, role))
    except UniqueViolation as error:
        raise AlreadyInvited from error


def _demand_new(address: str) -> None:
    """Before a day's invitation is used up; the index decides for those who come at once."""
    if Membership.objects.filter(email=address, status=Membership.ACTIVE).exists():
        raise AlreadyMember
    if Invitation.objects.filter(open_email=address, expires_at__gt=now()).exists():
        raise AlreadyInvited


def _invite(principal: Principal, address: str, role: str) -> Invitation:
    demand_room("seats")
    note_given(role)
    collection(Invitation).update_one(
        {**owner(), "open_email": address, "expires_at": {"$lte": now()}},
        {"$set": {"status": Invitation.REPLACED, "open_email": None}},
    )
    invitation = Invitation(pk=new_id(), email=address, open_email=address, role=role,
                            invited_by_id=principal.member_id or None,
                            expires_at=now() + _lasts())  # fmt: skip
    token, invitation.digest = invitation_token.make(active_tenant_id(), invitation.pk)
    validated(invitation, exclude=("invited_by",))
    invitation.save(force_insert=True)
    _mail(invitation, token)
    audit.record("invitation.sent", invitation, {"role": [None, role], "email": None})
    emit(InvitationSent(invitation_id=invitation.pk, role=role))
    return invitation


def resend_invitation(*, invitation_id: str) -> Invitation:
    """Write again, with a new link and a new term; the link before opens nothing any more."""
    principal = require(Permission.MEMBERS_INVITE)
    demand_may_give(principal, _open(invitation_id).role)
    with using("invitations_per_day"):
        return run_transaction(lambda: _resend(invitation_id))


def _resend(invitation_id: str) -> Invitation:
    invitation = _open(invitation_id)
    token, digest = invitation_token.make(active_tenant_id(), invitation.pk)
    _change_open(invitation, {"digest": digest, "expires_at": now() + _lasts(), "mailed_at": None})
    _mail(invitation, token)
    audit.record("invitation.resent", invitation)
    emit(InvitationSent(invitation_id=invitation.pk, role=invitation.role))
    return Invitation.objects.get(pk=invitation.pk)


def revoke_invitation(*, invitation_id: str) -> None:
    """End an invitation; its link opens nothing any more."""
    principal = require(Permission.MEMBERS_INVITE)
    demand_may_give(principal, _open(invitation_id).role)
    run_transaction(lambda: _revoke(invitation_id))


def _revoke(invitation_id: str) -> None:
    invitation = _open(invitation_id)
    _change_open(invitation, {"status": Invitation.REVOKED, "open_email": None})
    audit.record("invitation.revoked", invitation)
    emit(InvitationRevoked(invitation_id=invitation.pk))


def _change_open(invitation: Invitation, fields: dict[str, object]) -> None:
    mine = {**owner(), "_id": ObjectId(invitation.pk), "status": Invitation.OPEN}
    if not collection(Invitation).update_one(mine, {"$set": fields}).matched_count:
        raise InvitationClosed


def _open(invitation_id: str) -> Invitation:
    invitation = Invitation.objects.filter(pk=invitation_id).first()
    if invitation is None:
        raise InvitationNotFound
    if invitation.status != Invitation.OPEN:
        raise InvitationClosed
    return invitation


def _mail(invitation: Invitation, token: str) -> None:
    """The link's secret travels sealed and is gone once the mail has left."""
    id_ = new_id()
    mail = InvitationMail(pk=id_, lane=f"{KIND}:{id_}", invitation=invitation, due_at=now())
    mail.token = vault.seal_field(mail, "token", token)
    work.enqueue(KIND, mail)


def _lasts() -> timedelta:
    return timedelta(days=settings.INVITATION_DAYS)
