"""What a person did with their account reaches the log of each tenant that they are a member of.

A person may be a member of any number of tenants, also of ones that strangers made. The first few
are told before the answer; for the others one row is kept, and the work ``tell`` reads it, so that
no number of memberships keeps anybody from signing in.
"""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from accounts.models import User
from kernel import audit, work
from kernel.actor import Actor, acting_as
from kernel.audit.refusals import afterwards, note_refusal
from kernel.clock import now
from kernel.events import emit
from kernel.mongo.doors import ObjectId, UniqueViolation, collection, new_object_id, owner
from kernel.mongo.rows import find_one
from kernel.mongo.transactions import run_transaction
from kernel.scoping import tenant_scope
from kernel.scoping.context import outside_scope
from kernel.work import Kind, Lease, Released
from tenants.events import MemberChanged, MemberRemoved
from tenants.models import AccountEntry, ApiKey, Invitation, Membership
from tenants.services.api_keys import end_key
from tenants.services.tenant import roles_of

KIND = "tell"
AT_ONCE, TURN = 8, 50
MINUTE_S = 60


def register_kind() -> None:
    work.register(Kind(name=KIND, queue="default", serve=serve, lease_s=60.0, one_shot=True))


def entry_of(person: User, request: Any, action: str, **told: Any) -> AccountEntry:
    """What ``person`` did with their own account, in a request (or in none), not recorded yet."""
    return AccountEntry(
        **{
            "user_id": person.pk,
            "action": action,
            "target_type": "user",
            "target_id": person.pk,
            "ip": getattr(request, "client_ip", ""),
            "request_id": getattr(request, "request_id", ""),
            **told,
        }
    )


def tell(entry: AccountEntry, *, first: Sequence[str] = ()) -> int:
    """Record ``entry`` in the person's tenants; returns how many those are. Joins a transaction.

    In ``first`` and in the next few it stands when this returns; for the others it is kept durably.
    """
    return run_transaction(lambda: _tell(entry, first))


def _tell(entry: AccountEntry, first: Sequence[str]) -> int:
    others = [id_ for id_ in tenants_to_tell(entry) if id_ not in first]
    if later := others[AT_ONCE:]:
        keep(entry, later)
    for tenant_id in (*first, *others[:AT_ONCE]):
        write_in(tenant_id, entry)
    return len(first) + len(others)


def tell_refused(entry: AccountEntry, request: Any) -> int:
    """The same for what was refused, once the answer has left; returns how many tenants there are.

    The first few have an entry of each of the first tries; the others one a minute, with the count.
    """
    tenants = tenants_to_tell(entry)
    for tenant_id in tenants[:AT_ONCE]:
        with outside_scope(), tenant_scope(tenant_id), acting_as(_actor(entry, _mine(entry))):
            afterwards(
                request, partial(note_refusal, entry.action, _target(entry), code=entry.code)
            )
    if later := tenants[AT_ONCE:]:
        counting = partial(run_transaction, lambda: _count(entry, later))
        try:
            counting()
        except UniqueViolation:  # two began the minute at once
            counting()
    return len(tenants)


def tenants_to_tell(entry: AccountEntry) -> list[str]:
    """Ids of the tenants whose member the person is, or ever was where a member's row must follow."""
    return sorted(roles_of(entry.user_id, also_ended=entry.action in FOLLOWED))


def keep(entry: AccountEntry, tenants: list[str]) -> None:
    """Have ``tenants`` told by the work; in the caller's transaction."""
    entry.waiting = tenants
    entry.save(force_insert=True)
    work.mark(KIND, entry.pk, tenant_id="")


def _count(entry: AccountEntry, tenants: list[str]) -> None:
    """One more of the minute; the first keeps the row, which is told when the minute is over."""
    minute = int(time.time() // MINUTE_S)
    key = f"{minute}:{entry.user_id}:{entry.action}:{entry.code}"
    told = {name: getattr(entry, name) for name in _TOLD}
    change = {"$inc": {"count": 1},
              "$setOnInsert": {"_id": new_object_id(), "waiting": tenants, **told}}  # fmt: skip
    made = collection(AccountEntry).update_one({"key": key}, change, upsert=True).upserted_id
    if made is not None:
        due = now() + timedelta(seconds=MINUTE_S)
        work.mark(KIND, str(made), due_at=due, tenant_id="")


_TOLD = ("user_id", "action", "target_type", "target_id", "changes", "code", "ip", "request_id",
         "occurred_at")  # fmt: skip


def serve(lease: Lease) -> Released:
    """One turn of one entry; its lane belongs to no tenant."""
    entry = AccountEntry.objects.filter(pk=lease.key).first()
    if entry is None:
        return Released()
    for tenant_id in entry.waiting[:TURN]:
        run_transaction(partial(_take, entry, tenant_id))
    if len(entry.waiting) > TURN:
        return Released(due_at=now(), served=TURN)
    collection(AccountEntry).delete_one({"_id": ObjectId(entry.pk), "waiting": []})
    return Released(served=len(entry.waiting))


def _take(entry: AccountEntry, tenant_id: str) -> None:
    """Crossing the tenant out is in the transaction of the effect, so that it is there once."""
    waits = {"_id": ObjectId(entry.pk), "waiting": tenant_id}
    change = {"$pull": {"waiting": tenant_id}}
    if collection(AccountEntry).update_one(waits, change).matched_count:
        write_in(tenant_id, entry)


def write_in(tenant_id: str, entry: AccountEntry) -> None:
    """The entry in one tenant, and what follows for the membership; nothing where there is none."""
    with outside_scope(), tenant_scope(tenant_id):
        member = _mine(entry)
        if member is None:
            return
        with acting_as(_actor(entry, member)):
            if member.status == Membership.ACTIVE:
                audit.record(entry.action, _target(entry), _changes(entry), at=entry.occurred_at)
            FOLLOWED.get(entry.action, _nothing)(member)


def _mine(entry: AccountEntry) -> Membership | None:
    return find_one(Membership, {"user_id": ObjectId(entry.user_id)})


def _actor(entry: AccountEntry, member: Membership | None) -> Actor:
    return Actor(kind="member", id=member.pk if member else "", user_id=entry.user_id,
                 ip=entry.ip, request_id=entry.request_id)  # fmt: skip


def _target(entry: AccountEntry) -> tuple[str, str]:
    return entry.target_type, entry.target_id


def _changes(entry: AccountEntry) -> dict[str, Any]:
    if not entry.code:
        return dict(entry.changes)
    return {"code": [None, entry.code], "count": [0, entry.count]}


def _nothing(member: Membership) -> None:
    """What changes no membership."""


def _follow(member: Membership) -> None:
    """The member's address and name are the person's, as they are now."""
    if _copy(member):
        emit(MemberChanged(member_id=member.pk, role=member.role, status=member.status))


def _leave(member: Membership) -> None:
    """The membership ends with the account, and the address that it was invited by goes."""
    address = member.email
    _copy(member)
    spent = {**owner(), "email": address, "status": Invitation.ACCEPTED}
    collection(Invitation).update_many(spent, {"$set": {"email": member.email}})
    if member.status != Membership.ACTIVE:
        return
    member.status = Membership.DISABLED
    member.save(update_fields=["status"])
    audit.record("member.removed", member, {"status": [Membership.ACTIVE, Membership.DISABLED]})
    emit(MemberRemoved(member_id=member.pk))


def _end_keys(member: Membership) -> None:
    """Whoever had set up the account may have made keys with it."""
    for key in ApiKey.objects.filter(created_by=member.pk):
        end_key(key)


def _copy(member: Membership) -> bool:
    person = User.objects.get(pk=member.user_id)
    if (member.email, member.name) == (person.email, person.name):
        return False
    member.email, member.name = person.email, person.name
    member.save(update_fields=["email", "name"])
    return True


FOLLOWED: dict[str, Callable[[Membership], None]] = {
    "person.email_changed": _follow,
    "person.renamed": _follow,
    "person.deleted": _leave,
    "person.reclaimed": _end_keys,
}
