"""Staff come in by a grant, and act as a member by a reason: both are limited in time and audited here."""

from datetime import timedelta

from accounts.models import User
from kernel import audit
from kernel.clock import iso, now
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.transactions import transactional
from tenants.errors import (
    GrantNotFound,
    ImpersonationNotFound,
    InvalidFields,
    MemberNotFound,
    NotStaff,
    SupportRefused,
)
from tenants.models import Impersonation, Membership, StaffGrant

LONGEST_GRANT = timedelta(days=30)
IMPERSONATED_FOR = timedelta(minutes=30)
REASON = (3, 200)


@transactional
def grant_access(*, by: User, email: str, lasts: timedelta, reason: str) -> StaffGrant:
    """Let a member of staff into the active tenant for a time; superusers grant."""
    _only_superusers(by)
    check_reason(reason)
    if not timedelta(0) < lasts <= LONGEST_GRANT:
        raise InvalidFields(errors=[{"field": "lasts", "code": "invalid",
                                     "detail": "at most 30 days"}])  # fmt: skip
    user = User.objects.filter(email=email.strip().lower(), is_active=True, is_staff=True).first()
    if user is None or user.is_superuser:
        raise NotStaff(errors=[{"field": "email", "code": "unknown"}])
    grant = StaffGrant(user=user, email=user.email, reason=reason, granted_by_id=by.pk,
                       granted_by=by.email, expires_at=now() + lasts)  # fmt: skip
    grant.save(force_insert=True)
    changes = {"user_id": [None, user.pk], "expires_at": [None, iso(grant.expires_at)]}
    audit.record("staff.granted", grant, changes, reason=reason)
    return grant


@transactional
def revoke_access(*, by: User, grant_id: str, reason: str) -> StaffGrant:
    """End a grant before its time; its holder is out from their next request."""
    _only_superusers(by)
    check_reason(reason)
    still = {**owner(), "_id": ObjectId(grant_id), "revoked_at": None}
    at = now()
    if not collection(StaffGrant).update_one(still, {"$set": {"revoked_at": at}}).matched_count:
        raise GrantNotFound
    grant = StaffGrant.objects.get(pk=grant_id)
    changes = {"user_id": [grant.user_id, None], "revoked_at": [None, iso(at)]}
    audit.record("staff.grant_revoked", grant, changes, reason=reason)
    return grant


@transactional
def begin_impersonation(*, by: User, member_id: str, reason: str) -> Impersonation:
    """Act as a member for half an hour. Nobody acts as themselves, nor as one who left."""
    check_reason(reason)
    member = Membership.objects.filter(pk=member_id, status=Membership.ACTIVE).first()
    if member is None:
        raise MemberNotFound
    if not (by.is_active and by.is_staff) or member.user_id == by.pk:
        raise SupportRefused("staff act as other people only")
    begun = Impersonation(user=by, email=by.email, member=member, reason=reason,
                          expires_at=now() + IMPERSONATED_FOR)  # fmt: skip
    begun.save(force_insert=True)
    changes = {"member_id": [None, member.pk], "expires_at": [None, iso(begun.expires_at)]}
    audit.record("impersonation.began", begun, changes, reason=reason)
    return begun


@transactional
def end_impersonation(*, impersonation_id: str) -> Impersonation:
    """End it now, if it still runs; holds from the next request. Raises ``ImpersonationNotFound``."""
    found = Impersonation.objects.filter(pk=impersonation_id).first()
    if found is None:
        raise ImpersonationNotFound
    at = now()
    running = {**owner(), "_id": ObjectId(found.pk), "ended_at": None, "expires_at": {"$gt": at}}
    if collection(Impersonation).update_one(running, {"$set": {"ended_at": at}}).matched_count:
        found.ended_at = at
        audit.record("impersonation.ended", found, {"ended_at": [None, iso(at)]})
    return found


@transactional
def note_view(kind: str, id_: str = "") -> None:
    """Whoever acts looked at something of the active tenant, a list without an id: its log says so."""
    audit.record("staff.viewed", (kind, id_))


def _only_superusers(user: User) -> None:
    if not (user.is_active and user.is_staff and user.is_superuser):
        raise SupportRefused("only superusers grant access to a tenant")


def check_reason(reason: str) -> None:
    """Raise ``InvalidFields`` for a reason that says nothing."""
    if not REASON[0] <= len(reason) <= REASON[1]:
        raise InvalidFields(errors=[{"field": "reason", "code": "invalid",
                                     "detail": "3 to 200 characters"}])  # fmt: skip
