"""From the identities a provider names to contacts: found, or made."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from crm.events import ContactChanged, ContactCreated
from crm.models import Contact, ContactIdentity
from kernel.clock import now
from kernel.events import emit
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.rows import find_rows, insert_rows


class IdentityLike(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def scope(self) -> str: ...


class PersonLike(Protocol):
    """What a provider says of a person; ``identities`` has the strongest first."""

    @property
    def identities(self) -> Sequence[IdentityLike]: ...
    @property
    def name(self) -> str: ...
    @property
    def username(self) -> str: ...
    @property
    def phone(self) -> str: ...


Key = tuple[str, str, str]


def key_of(identity: IdentityLike) -> Key:
    return identity.kind, identity.scope, identity.value


def resolve_contacts(people: Iterable[PersonLike], *, were_seen: bool = True) -> dict[Key, Contact]:
    """The contact of each identity, made where none is known; runs in the caller's transaction.

    ``were_seen``: they did something themselves; otherwise the business spoke of or to them.

    A person who is known by one identity gains the others, so that somebody who
    hides their number later is still the same contact. Two statements of the
    same person in one batch are one contact.
    """
    people = [person for person in people if person.identities]
    found = find_contacts(identity for person in people for identity in person.identities)
    made: list[Contact] = []
    learned: list[ContactIdentity] = []
    for person in people:
        keys = [key_of(identity) for identity in person.identities]
        contact = next((found[key] for key in keys if key in found), None)
        if contact is None:
            contact = _new_contact(person, now() if were_seen else None)
            made.append(contact)
        learned += _learn(contact, keys, found)
        _refresh(contact, person, is_new=contact in made)
    _store(made, learned)
    return found


def find_contacts(identities: Iterable[IdentityLike]) -> dict[Key, Contact]:
    """The contacts that are known by any of the identities."""
    wanted = {key_of(identity) for identity in identities}
    if not wanted:
        return {}
    found = collection(ContactIdentity).find({
        **owner(),
        "kind": {"$in": list({kind for kind, _, _ in wanted})},
        "scope": {"$in": list({scope for _, scope, _ in wanted})},
        "value": {"$in": list({value for _, _, value in wanted})},
    }, {"kind": 1, "scope": 1, "value": 1, "contact_id": 1}, batch_size=len(wanted) + 1)  # fmt: skip
    known = {(r["kind"], r["scope"], r["value"]): r["contact_id"] for r in found}
    ids = list(set(known.values()))
    contacts = _contacts(ids) if ids else {}
    return {key: contacts[known[key]] for key in wanted if key in known}


def _contacts(ids: list[ObjectId]) -> dict[ObjectId, Contact]:
    rows = find_rows(Contact, {"_id": {"$in": ids}}, batch_size=len(ids) + 1)
    return {ObjectId(row.pk): row for row in rows}


def _new_contact(person: PersonLike, seen_at: datetime | None) -> Contact:
    return Contact(
        name=person.name, username=person.username, phone=person.phone, last_seen_at=seen_at
    )


def _learn(contact: Contact, keys: list[Key], found: dict[Key, Contact]) -> list[ContactIdentity]:
    new = [key for key in keys if key not in found]
    found.update(dict.fromkeys(new, contact))
    return [ContactIdentity(contact=contact, kind=k, scope=s, value=v) for k, s, v in new]


def _refresh(contact: Contact, person: PersonLike, *, is_new: bool) -> None:
    """Fill what was empty; never overwrite what an agent may have written."""
    changed = []
    for field in ("name", "username", "phone"):
        value = getattr(person, field)
        if value and not getattr(contact, field):
            setattr(contact, field, value)
            changed.append(field)
    if changed and not is_new:
        contact.version += 1
        contact.save(update_fields=[*changed, "version"])
        emit(ContactChanged(contact_id=contact.pk, fields=tuple(changed)))


def _store(made: list[Contact], learned: list[ContactIdentity]) -> None:
    if made:
        insert_rows(made)
        emit(*(ContactCreated(contact_id=contact.pk) for contact in made))
    insert_rows(learned)
