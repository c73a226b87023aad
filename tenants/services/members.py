"""Members: added, changed, removed; nobody against their will, and a tenant always keeps an owner."""

from accounts.models import User
from kernel import audit
from kernel.events import emit
from kernel.mongo.doors import UniqueViolation, collection, owner
from kernel.mongo.transactions import run_transaction
from tenants.access import current_principal, require
from tenants.entry import demand_domain
from tenants.errors import AlreadyMember, InvalidFields, LastOwner, MemberNotFound, NoSuchPerson
from tenants.events import MemberAdded, MemberChanged, MemberRemoved
from tenants.models import Membership, TenantSettings
from tenants.permissions import Permission
from tenants.placeholders import is_nobodys
from tenants.selectors import get_tenant
from tenants.services.giving import demand_may_give, demand_may_manage, note_given
from tenants.services.limits import demand_room
from tenants.services.validation import validated


def add_member(*, email: str, role: str) -> Membership:
    """Make a person who has signed up a member without asking them.

    For commands and tests, which know that the person agrees; the API invites. Nobody gives a role that
    holds more than theirs.
    """
    principal = require(Permission.MEMBERS_MANAGE)
    demand_may_give(principal, role)
    demand_domain(get_tenant(), email)
    user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if user is None:
        raise NoSuchPerson(errors=[{"field": "email", "code": "unknown"}])
    try:
        return run_transaction(lambda: _add(user, role))
    except UniqueViolation as error:
        raise AlreadyMember from error


def _add(user: User, role: str) -> Membership:
    demand_room("seats")
    note_given(role)
    return seat(user, role)


def seat(user: User, role: str) -> Membership:
    """The new membership, recorded; in the transaction of whoever has checked that it may be."""
    member = Membership(user=user, role=role, email=user.email, name=user.name)
    validated(member)
    member.save(force_insert=True)
    audit.record("member.added", member, {"role": [None, role]})
    emit(MemberAdded(member_id=member.pk, role=role))
    return member


def change_member(
    *, member_id: str, role: str | None = None, status: str | None = None,
    availability: str | None = None,
) -> Membership:  # fmt: skip
    """Change a member; one's own availability needs no permission."""
    return run_transaction(lambda: _change(member_id, role, status, availability))


def _change(
    member_id: str, role: str | None, status: str | None, availability: str | None
) -> Membership:
    member = _get(member_id)
    own_availability = role is None and status is None
    require(*_needed(member, own_availability))
    wanted = {"role": role, "status": status, "availability": availability}
    changes = {n: v for n, v in wanted.items() if v is not None and v != getattr(member, n)}
    before = {name: getattr(member, name) for name in changes}
    _check(member, changes)
    for name, value in changes.items():
        setattr(member, name, value)
    validated(member)
    if changes:
        member.save(update_fields=list(changes))
        audit.record("member.changed", member, {n: [before[n], v] for n, v in changes.items()})
        emit(MemberChanged(member_id=member.pk, role=member.role, status=member.status))
    return member


def _check(member: Membership, changes: dict[str, str]) -> None:
    """What is asked of a change of role or status, beside the permission."""
    if not {"role", "status"} & set(changes):
        return
    principal = current_principal()
    role, status = changes.get("role", member.role), changes.get("status", member.status)
    demand_may_manage(principal, member)
    if role != member.role:
        demand_may_give(principal, role)
        note_given(role)
    if status != member.status:
        _demand_consent(member, status)
    if status == Membership.ACTIVE and member.status != Membership.ACTIVE:
        demand_domain(get_tenant(), member.email)
        demand_room("seats")
    keep_an_owner(member, role, status)


def _demand_consent(member: Membership, status: str) -> None:
    """Whoever left, and whom only an archive calls a member, comes in by an invitation of their own."""
    left = member.status == Membership.LEFT
    if left or (status == Membership.ACTIVE and is_nobodys(member)):
        why = "they left" if left else "they came with an archive, or their account is gone"
        problem = {"field": "status", "code": "not_asked", "detail": f"{why}: invite them"}
        raise InvalidFields(errors=[problem])


def remove_member(*, member_id: str) -> None:
    """End a membership; keys that the member made end with it."""
    run_transaction(lambda: _remove(member_id))


def _remove(member_id: str) -> None:
    principal = require(Permission.MEMBERS_MANAGE)
    member = _get(member_id)
    demand_may_manage(principal, member)
    if member.status == Membership.LEFT:
        return
    keep_an_owner(member, "", Membership.DISABLED)
    before, member.status = member.status, Membership.DISABLED
    member.save(update_fields=["status"])
    audit.record("member.removed", member, {"status": [before, Membership.DISABLED]})
    emit(MemberRemoved(member_id=member.pk))


def _get(member_id: str) -> Membership:
    member = Membership.objects.filter(pk=member_id).first()
    if member is None:
        raise MemberNotFound
    return member


def _needed(member: Membership, own_availability: bool) -> tuple[Permission, ...]:
    """One's own availability is a person's to tell: a key's maker is not the key."""
    principal = current_principal()
    is_own = principal.kind == "member" and principal.member_id == member.pk
    return () if own_availability and is_own else (Permission.MEMBERS_MANAGE,)


def keep_an_owner(member: Membership, role: str, status: str) -> None:
    """Refuse to take the last owner away, also when two requests take one each.

    Both touch the settings row first, so one of two such transactions waits for
    the other and then counts again.
    """
    if member.role != "owner" or member.status != Membership.ACTIVE:
        return
    if role == "owner" and status == Membership.ACTIVE:
        return
    collection(TenantSettings).update_one({**owner()}, {"$inc": {"owner_changes": 1}})
    others = Membership.objects.filter(role="owner", status=Membership.ACTIVE)
    if not others.exclude(pk=member.pk).exists():
        raise LastOwner
