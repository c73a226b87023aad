"""What a person wants to be sent: the newest word of each category, by the provider's clock."""

import re
from datetime import datetime

from crm.events import ContactPreferenceChanged
from crm.models import Contact
from kernel import audit
from kernel.clock import iso, now
from kernel.events import emit

_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9_-]")


def note_preference(
    contact: Contact, *, category: str, is_wanted: bool, at: datetime | None, source: str
) -> bool:
    """Keep a word on one category unless a newer one is known; whether it changed anything.

    Of two words of one moment, and of one whose time is not known, only "no" counts. Runs in
    the caller's transaction.
    """
    name = _NOT_IN_NAME.sub("_", category)[:60] or "all"
    known = contact.preferences.get(name)
    entry = {"is_wanted": is_wanted, "at": iso(at) if at else None, "source": source}
    if known is not None and not _is_newer(entry["at"], known["at"], is_wanted=is_wanted):
        return False
    if known is not None and at is None:
        entry["at"] = known["at"]
    if known is not None and (known["is_wanted"], known["at"]) == (is_wanted, entry["at"]):
        return False
    contact.preferences = {**contact.preferences, name: entry}
    contact.version, contact.updated_at = contact.version + 1, now()
    contact.save(update_fields=["preferences", "version", "updated_at"])
    before = known["is_wanted"] if known else None
    audit.record(
        "contact.preference_changed", contact, {f"preferences.{name}": [before, is_wanted]}
    )
    emit(ContactPreferenceChanged(contact_id=contact.pk, category=name, is_wanted=is_wanted))
    return True


def _is_newer(at: object, known: object, *, is_wanted: bool) -> bool:
    """Both are text of one form or None."""
    if at is None or at == known:
        return not is_wanted
    return known is None or str(at) > str(known)
