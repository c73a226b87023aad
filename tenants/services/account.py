"""What people change about themselves, and how they leave for good."""

from typing import Any

from accounts.errors import StaffAccount
from accounts.models import User
from accounts.services import erase_person
from kernel.mongo.doors import ObjectId
from kernel.mongo.rows import find_one
from kernel.mongo.transactions import run_transaction
from kernel.scoping import tenant_scope
from kernel.scoping.context import outside_scope
from tenants.errors import LastOwner
from tenants.models import Membership, Tenant
from tenants.services.members import keep_an_owner
from tenants.services.telling import entry_of, tell
from tenants.services.tenant import roles_of


def rename_person(*, person: User, name: str, request: Any = None) -> User:
    """The person's name, here and as a member of each of their tenants."""
    name = " ".join(name.split())
    if name == person.name:
        return person

    def body() -> None:
        person.name = name
        person.save(update_fields=["name"])
        tell(entry_of(person, request, "person.renamed", changes={"name": None}))

    run_transaction(body)
    return person


def delete_account(*, person: User, request: Any = None) -> None:
    """End the account and its memberships; who it was is gone, what they wrote stays.

    Raises ``LastOwner``, naming the tenants that would be left without one, and ``StaffAccount``.
    All or nothing: what is not done when this returns is kept durably.
    """
    if person.is_staff:
        raise StaffAccount

    def body() -> None:
        owned = _owned(person)
        _keep_owners(person, owned)
        erase_person(person)
        tell(entry_of(person, request, "person.deleted"), first=owned)

    run_transaction(body)


def _owned(person: User) -> list[str]:
    return sorted(id_ for id_, role in roles_of(person.pk).items() if role == "owner")


def _keep_owners(person: User, tenants: list[str]) -> None:
    """In the transaction that ends them, so that of two last owners who leave at once one stays."""
    orphaned = []
    for tenant_id in tenants:
        with outside_scope(), tenant_scope(tenant_id):
            member = find_one(Membership, {"user_id": ObjectId(person.pk)})
            try:
                if member is not None:
                    keep_an_owner(member, "", Membership.DISABLED)
            except LastOwner:
                orphaned.append(tenant_id)
    if orphaned:
        slugs = Tenant.objects.filter(pk__in=orphaned).values_list("slug", flat=True)
        raise LastOwner("give these tenants another owner, or erase them", tenants=sorted(slugs))
