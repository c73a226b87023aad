"""Writing to every owner that their tenant is to be erased, so that whoever asked is not the only one to know."""

import smtplib
from datetime import timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMessage

from archives.models import Erasure
from kernel.clock import now
from kernel.mongo.doors import ObjectId, collection
from kernel.scoping import tenant_scope
from kernel.work import Kind, Lease, Released, register
from tenants.models import Membership
from tenants.selectors import get_tenant

log = structlog.get_logger(agentName="archive")
KIND = "erasure_mail"
SOONEST, LATEST = timedelta(seconds=30), timedelta(hours=6)


def register_kind() -> None:
    register(Kind(name=KIND, queue="default", serve=serve, lease_s=60.0, one_shot=True))


def serve(lease: Lease) -> Released:
    """Write to each owner who was not written to yet, for as long as they can keep the tenant.

    The lane belongs to no tenant: the tenant is suspended, which holds all mail of its own.
    """
    row = Erasure.objects.filter(pk=lease.key, state=Erasure.WAITING).first()
    if row is None:
        return Released()
    with tenant_scope(row.erased_tenant_id):
        owners = Membership.objects.filter(role="owner", status=Membership.ACTIVE)
        waiting = [one for one in owners if one.pk not in row.progress.get("told", ())]
        unsent = [one for one in waiting if not _written(row, one, lease)]
    if not unsent:
        return Released(served=len(waiting))
    age = now() - row.asked_at  # each try waits as long again as there was trouble so far
    return Released(due_at=now() + min(max(age, SOONEST), LATEST), served=len(waiting))


def _written(row: Erasure, owner: Membership, lease: Lease) -> bool:
    """One whom the mail server refuses keeps nobody else from being written to."""
    lease.renew()  # a mail server may be slow; whoever lost the lane writes to nobody
    try:
        _message(row, owner.email).send()
    except (OSError, smtplib.SMTPException) as error:
        log.warning("erasure.unsent", erasure_id=row.pk, error=type(error).__name__)
        return False
    # At once, so that a later failure does not write to this owner again.
    mine = {"_id": ObjectId(row.pk), "state": Erasure.WAITING}
    collection(Erasure).update_one(mine, {"$addToSet": {"progress.told": owner.pk}})
    return True


def _message(row: Erasure, address: str) -> EmailMessage:
    """One for each owner, so that none sees another's address but that of who asked."""
    tenant = " ".join(get_tenant().name.split())
    asker = Membership.objects.filter(user_id=row.asked_by_id).first()
    by = f"{asker.name} <{asker.email}>".strip() if asker else "Somebody who is no member any more"
    api = f"{settings.PUBLIC_URL}/api/v1"
    lines = [
        f"{by} asked on {row.asked_at:%d %B %Y, %H:%M} UTC for {tenant} ({row.slug}) to be erased.",
        f"It is suspended now. On {row.due_at:%d %B %Y, %H:%M} UTC everything of it begins to be "
        "erased, and cannot be had back.",
        "Until then any of its owners can keep it, whoever asked: sign in and send, without X-Tenant,",
        f"POST {api}/erasures/{row.pk}/cancel",
        f"Then it goes on where it was. GET {api}/tenants shows the erasure as well.",
        "If nobody of you meant this, cancel it, and have whoever asked change their password and end "
        "their other sessions.",
    ]  # fmt: skip
    return EmailMessage(subject=f"{tenant} is to be erased", body="\n\n".join(lines), to=[address])
