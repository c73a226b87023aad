"""People who stand behind members that an archive brought: nobody signs in as them.

Whoever imports an archive knows the addresses in it, and their owners know nothing of the import. So
none of them becomes a member by it, whether they have an account here or not: behind each stands a
person of no address, which keeps the name beside what that one wrote. An invitation that is accepted
gives the row to whoever has proved that the address is theirs.
"""

from accounts.models import User
from accounts.services import DELETED
from kernel.mongo.doors import ObjectId, collection
from kernel.mongo.rows import find_one
from tenants.models import Membership

DOMAIN = "placeholder.invalid"


def placeholder_for(member_id: str, name: str) -> str:
    """The id of the person behind an imported member; the same each time."""
    address = address_of(member_id)
    found = User.objects.filter(email=address).first()
    if found is None:
        found = User(email=address, name=name, is_active=False)
        found.set_unusable_password()
        found.save()
    return str(found.pk)


def address_of(member_id: str) -> str:
    """Where nobody gets mail: names under ``.invalid`` belong to nobody."""
    return f"imported-{member_id}@{DOMAIN}"


def is_placeholder(member: Membership) -> bool:
    """Whether nobody stands behind the member."""
    known = find_one(User, {"_id": ObjectId(member.user_id)})
    return known is not None and known.email == address_of(member.pk)


def is_nobodys(member: Membership) -> bool:
    """Whether a placeholder stands behind the member, or somebody who has deleted their account."""
    known = find_one(User, {"_id": ObjectId(member.user_id)})
    return known is None or has_no_owner(known)


def has_no_owner(person: User) -> bool:
    """Whether an account is nobody's: it is there for what refers to it, and is never signed in to."""
    return person.email.endswith((f"@{DOMAIN}", f"@{DELETED}"))


def placeholder_of(email: str) -> Membership | None:
    """The active tenant's imported member of an address who waits for that one, if there is one."""
    waiting = Membership.objects.filter(email=email, status=Membership.DISABLED).order_by("id")
    return next((member for member in waiting[:20] if is_placeholder(member)), None)


def give_to(member: Membership, person: User) -> None:
    """Make ``person`` the one behind an imported member; in the caller's transaction."""
    collection(User).delete_one({"_id": ObjectId(member.user_id), "email": address_of(member.pk)})
    member.user, member.email = person, person.email
    member.name = person.name or member.name
    member.save(update_fields=["user", "email", "name"])
