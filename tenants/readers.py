"""Whom a signed link is for, and what that one may still do when it is followed.

A link opens without any other credential, so it names its reader: whoever follows it has the
rights that the reader has by then, and comes from where the tenant lets people in.
"""

from accounts.models import User
from kernel.mongo.doors import ObjectId
from kernel.mongo.rows import find_one
from kernel.scoping import active_tenant_id
from tenants.access import SYSTEM_PRINCIPAL, Principal, present_principal
from tenants.entry import demand_entry
from tenants.errors import BadApiKey, TenantNotFound, TenantSuspended
from tenants.models import ApiKey, Membership, Tenant
from tenants.principals import principal_of_listed_key, principal_of_member
from tenants.staff import may_enter, staff_principal

MEMBER, KEY, STAFF, PRODUCT = "member", "api_key", "staff", "system"
Reader = tuple[str, str]


def present_reader() -> Reader:
    """Kind and id of whoever acts: for the product itself (a provider fetches a file) both say so."""
    principal = present_principal()
    if principal is None or principal.kind == PRODUCT:
        return PRODUCT, ""
    if principal.staff_id or principal.kind == STAFF:
        return STAFF, principal.staff_id or principal.user_id
    return principal.kind, principal.id


def principal_of_reader(reader: Reader, *, ip: str) -> Principal:
    """The reader of a link as they are now in the active tenant.

    Raises ``TenantSuspended``, ``TenantNotFound`` for one who is not there any more, and what the
    tenant asks of whoever enters. The product's own links are for providers, wherever they are.
    """
    tenant = Tenant.objects.filter(pk=active_tenant_id()).first()
    if tenant is None:
        raise TenantNotFound
    if tenant.status == Tenant.SUSPENDED:
        raise TenantSuspended
    kind, id_ = reader
    if kind == PRODUCT:
        return SYSTEM_PRINCIPAL
    if kind == STAFF:
        return _staff(id_, tenant)
    return _key(id_, tenant, ip) if kind == KEY else _member(id_, tenant, ip)


def _member(id_: str, tenant: Tenant, ip: str) -> Principal:
    member = find_one(Membership, {"_id": ObjectId(id_), "status": Membership.ACTIVE})
    person = User.objects.filter(pk=member.user_id, is_active=True).first() if member else None
    if member is None or person is None:
        raise TenantNotFound
    demand_entry(tenant, ip=ip, person=person)
    return principal_of_member(member)


def _key(id_: str, tenant: Tenant, ip: str) -> Principal:
    key = find_one(ApiKey, {"_id": ObjectId(id_)})
    if key is None:
        raise TenantNotFound
    try:
        principal = principal_of_listed_key(key, ip)
    except BadApiKey as refusal:
        raise TenantNotFound from refusal
    demand_entry(tenant, ip=ip)
    return principal


def _staff(id_: str, tenant: Tenant) -> Principal:
    user = User.objects.filter(pk=id_, is_active=True, is_staff=True).first()
    if user is None or not may_enter(user, tenant):
        raise TenantNotFound
    return staff_principal(user)
