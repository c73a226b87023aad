"""A person with a new number or id stays one contact; two who turn out to be one are merged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm.events import ContactChanged, ContactCreated, ContactIdentityChanged, ContactMerged
from crm.models import Contact, ContactIdentity
from crm.services.resolve import IdentityLike, Key, PersonLike, find_contacts, key_of
from kernel import audit
from kernel.clock import now
from kernel.events import emit
from kernel.mongo.doors import ObjectId, UpdateOne, collection, owner
from kernel.mongo.rows import find_rows, insert_rows


@dataclass(frozen=True)
class Change:
    """What became of a person's identities: ``merged`` are the contacts that ``contact`` took in."""

    contact: Contact
    merged: tuple[Contact, ...] = ()


def change_identity(
    *, previous: PersonLike, current: PersonLike, at: datetime | None
) -> Change | None:
    """Let ``previous`` and ``current`` name one contact from now on; None if they do already.

    Of two contacts the older one is kept. What only ``previous`` has is retired: it still finds
    the person, and is written to last. ``at`` is the provider's time; an older word than what is
    known of an identity changes nothing of it. Runs in the caller's transaction.
    """
    named = [*previous.identities, *current.identities]
    found = find_contacts(named)
    if not named:
        return None
    known = sorted({c.pk: c for c in found.values()}.values(), key=lambda c: c.pk)
    kept = known[0] if known else _made(current, previous)
    merged = tuple(known[1:])
    for gone in merged:
        _take_in(kept, gone)
    learned = _learn(kept, [identity for identity in named if key_of(identity) not in found])
    moved, holds = _retire(kept, previous.identities, current.identities, at)
    if not (merged or learned or moved):
        return None
    _note(kept, current if holds else None)
    return Change(kept, merged)


def _made(current: PersonLike, previous: PersonLike) -> Contact:
    contact = Contact(
        name=current.name or previous.name,
        username=current.username or previous.username,
        phone=current.phone or previous.phone,
    )
    insert_rows([contact])
    emit(ContactCreated(contact_id=contact.pk))
    return contact


def _take_in(kept: Contact, gone: Contact) -> None:
    """Give ``kept`` all that ``gone`` has; nothing that ``kept`` has of its own is overwritten."""
    mine = {**owner(), "contact_id": ObjectId(gone.pk)}
    change = {"$set": {"contact_id": ObjectId(kept.pk)}}
    collection(ContactIdentity).update_many(mine, change)
    for name in ("name", "username", "phone", "email"):
        setattr(kept, name, getattr(kept, name) or getattr(gone, name))
    kept.attributes = {**gone.attributes, **kept.attributes}
    kept.preferences = _newest(gone.preferences, kept.preferences)
    kept.blocked = kept.blocked or gone.blocked
    gone.merged_into_id, gone.version, gone.updated_at = kept.pk, gone.version + 1, now()
    gone.save(update_fields=["merged_into_id", "version", "updated_at"])
    # Those who were merged into the one that goes now lead on.
    Contact.objects.filter(merged_into_id=gone.pk).update(merged_into_id=kept.pk)
    audit.record("contact.merged", kept, {"merged": [gone.pk, kept.pk]})
    emit(ContactMerged(contact_id=kept.pk, merged_id=gone.pk))


def _newest(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Of each category the later word; times are text of one form, so they compare as text."""
    both = {**one, **other}
    return {
        category: max((side[category] for side in (one, other) if category in side),
                      key=lambda entry: (entry["at"] or "", not entry["is_wanted"]))
        for category in both
    }  # fmt: skip


def _learn(contact: Contact, new: Sequence[IdentityLike]) -> bool:
    keys = dict.fromkeys(key_of(identity) for identity in new)
    insert_rows([ContactIdentity(contact=contact, kind=k, scope=s, value=v) for k, s, v in keys])
    return bool(keys)


def _retire(
    contact: Contact, previous: Sequence[IdentityLike], current: Sequence[IdentityLike],
    at: datetime | None,
) -> tuple[bool, bool]:  # fmt: skip
    """Note which identities hold and which are given up.

    Returns whether that changed anything, and whether ``current`` still holds: a newer
    change may be known.
    """
    wanted: dict[Key, bool] = {key_of(identity): True for identity in previous}
    wanted.update((key_of(identity), False) for identity in current)
    changes, moved, holds = [], False, False
    for row in find_rows(ContactIdentity, {"contact_id": ObjectId(contact.pk)}):
        retired = wanted.get((row.kind, row.scope, row.value))
        if retired is None or (row.changed_at and (at is None or at < row.changed_at)):
            continue
        moved, holds = moved or row.retired != retired, holds or not retired
        if (row.retired, row.changed_at) != (retired, at):
            where = {**owner(), "_id": ObjectId(row.pk)}
            changes.append(UpdateOne(where, {"$set": {"retired": retired, "changed_at": at}}))
    if changes:
        collection(ContactIdentity).bulk_write(changes)
    return moved, holds


def _note(contact: Contact, current: PersonLike | None) -> None:
    """Keep the contact's new number, which nobody writes by hand, and what it lacked."""
    shown = str(contact)
    if current is not None:
        contact.phone = current.phone or contact.phone
        contact.username = current.username or contact.username
        contact.name = contact.name or current.name
    contact.version, contact.updated_at = contact.version + 1, now()
    contact.save(update_fields=["name", "username", "phone", "email", "attributes", "preferences",
                                "blocked", "version", "updated_at"])  # fmt: skip
    audit.record("contact.identity_changed", contact, {"identities": None})
    emit(ContactIdentityChanged(contact_id=contact.pk))
    if str(contact) != shown:
        emit(ContactChanged(contact_id=contact.pk, fields=("name", "phone", "username")))
