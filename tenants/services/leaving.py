"""Leaving a tenant: one's own decision, which nobody else takes back."""

from accounts.models import User
from kernel import audit
from kernel.actor import Actor, acting_as
from kernel.events import emit
from kernel.mongo.doors import ObjectId
from kernel.mongo.rows import find_one
from kernel.mongo.transactions import run_transaction
from kernel.scoping import tenant_scope
from tenants.errors import TenantNotFound, TenantSuspended
from tenants.events import MemberRemoved
from tenants.models import Membership, Tenant
from tenants.services.members import keep_an_owner


def leave_tenant(*, person: User, tenant_id: str, ip: str = "", request_id: str = "") -> None:
    """End a person's own membership, outside of any scope; keys that they made end with it.

    Asked for from outside, so that it is open to somebody whom the tenant's networks, domains or
    second factor keep out. Raises ``TenantNotFound`` for who is no member, ``TenantSuspended``, and
    ``LastOwner`` for the one that the tenant cannot be without.
    """
    tenant = find_one(Tenant, {"_id": ObjectId(tenant_id)})
    if tenant is None:
        raise TenantNotFound
    with tenant_scope(tenant):
        member = _membership(person)
        if tenant.status == Tenant.SUSPENDED:
            raise TenantSuspended
        actor = Actor(kind="member", id=member.pk, name=str(member), user_id=person.pk, ip=ip,
                      request_id=request_id)  # fmt: skip
        with acting_as(actor):
            run_transaction(lambda: _leave(person))


def _membership(person: User) -> Membership:
    mine = {"user_id": ObjectId(person.pk), "status": Membership.ACTIVE}
    member = find_one(Membership, mine)
    if member is None:
        raise TenantNotFound
    return member


def _leave(person: User) -> None:
    member = _membership(person)
    keep_an_owner(member, "", Membership.LEFT)
    member.status = Membership.LEFT
    member.save(update_fields=["status"])
    audit.record("member.left", member, {"status": [Membership.ACTIVE, Membership.LEFT]})
    emit(MemberRemoved(member_id=member.pk))
