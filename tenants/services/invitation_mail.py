"""Writing an invitation's e-mail, after the transaction that asked for it."""

import smtplib

import structlog
from django.conf import settings
from django.core.mail import EmailMessage

from kernel import vault
from kernel.clock import now
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.work import Bury, Done, Kind, Later, Lease, Released, register
from kernel.work.outcomes import Outcome
from kernel.work.serving import serve_one
from tenants import invitation_token
from tenants.models import Invitation, InvitationMail
from tenants.selectors import get_tenant
from tenants.services.invitations import KIND
from tenants.services.tenant import hold_while_suspended

log = structlog.get_logger(agentName="tenant")
RETRY_S = (30, 120, 600, 3600, 6 * 3600)


def register_kind() -> None:
    register(Kind(name=KIND, queue="default", serve=serve, lease_s=60.0, one_shot=True))


def serve(lease: Lease) -> Released:
    return serve_one(InvitationMail, lease, write)


def write(mail: InvitationMail) -> Outcome:
    """Send the link, unless it was revoked, accepted or replaced by a newer one meanwhile."""
    hold_while_suspended()
    invitation = Invitation.objects.get(pk=mail.invitation_id)
    token = vault.open_field(mail, "token")
    parsed = invitation_token.parse(token)
    if invitation.status != Invitation.OPEN or not parsed or parsed.digest != invitation.digest:
        return Done(apply=lambda: _forget(mail), note="no longer wanted")
    try:
        _message(invitation, token).send()
    except (OSError, smtplib.SMTPException) as error:
        return _again(mail, error)
    return Done(apply=lambda: _sent(mail, invitation), note="sent")


def _message(invitation: Invitation, token: str) -> EmailMessage:
    """The token stands behind a ``#``, where browsers tell it to no server and in no ``Referer``."""
    tenant = " ".join(get_tenant().name.split())
    by = invitation.invited_by
    lines = [
        f"{by or 'The team'} invites you to work with {tenant} on Switchboard.",
        f"{settings.FRONTEND_URL}/invitations/accept#token={token}",
        f"Sign in or sign up with {invitation.email} to accept. The link works once, until "
        f"{invitation.expires_at:%d %B %Y, %H:%M} UTC.",
        "If you do not know what this is about, ignore it: nothing happens without you.",
    ]  # fmt: skip
    subject = f"Invitation to {tenant}"
    return EmailMessage(subject=subject, body="\n\n".join(lines), to=[invitation.email])


def _sent(mail: InvitationMail, invitation: Invitation) -> None:
    mine = {**owner(), "_id": ObjectId(invitation.pk)}
    collection(Invitation).update_one(mine, {"$set": {"mailed_at": now()}})
    _forget(mail)


def _forget(mail: InvitationMail) -> None:
    mine = {**owner(), "_id": ObjectId(mail.pk)}
    collection(InvitationMail).update_one(mine, {"$set": {"token": ""}})


def _again(mail: InvitationMail, error: Exception) -> Outcome:
    tried = mail.attempts - 1
    log.warning("invitation.unsent", invitation_id=mail.invitation_id, error=type(error).__name__)
    if tried >= len(RETRY_S) - 1:
        reason = f"the mail server refuses: {type(error).__name__}"
        return Bury(reason=reason, apply=lambda: _forget(mail))
    return Later(seconds=RETRY_S[tried], error=type(error).__name__)
