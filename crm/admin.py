"""Pages of contacts."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from crm.models import Contact
from crm.selectors import digits_of, identities_of
from kernel.backoffice import columns
from kernel.backoffice.base import BackofficeAdmin
from kernel.backoffice.panels import panel


@columns.named("Name")
def name(contact: Contact) -> str:
    return str(contact)


@columns.named("Attributes")
def attributes(contact: Contact) -> Any:
    return columns.pretty(contact.attributes)


@admin.register(Contact)
class ContactAdmin(BackofficeAdmin):
    """People who wrote to the tenant."""

    one, many = "Contact", "Contacts"
    list_display = (name, "phone", "username", "blocked", columns.moment("last_seen_at", "Last seen"),
                    columns.moment("created_at", "Created"))  # fmt: skip
    facts = ("name", "phone", "username", "email", "blocked", "id",
             columns.moment("last_seen_at", "Last seen"), columns.moment("created_at", "Created"),
             attributes)  # fmt: skip
    search_help_text = "a whole phone number, or an id"

    def title_of(self, row: Contact) -> str:
        return str(row)

    def found_by(self, term: str) -> Q | None:
        digits = digits_of(term)
        return Q(phone=digits) if digits else super().found_by(term)


@panel(Contact, "Identities")
def _identities(request: HttpRequest, contact: Contact) -> dict[str, Any] | None:
    found = identities_of([contact.pk])[contact.pk]
    rows = [
        (i.kind, i.scope or columns.NOTHING, i.value, columns.time_of(i.created_at)) for i in found
    ]
    return columns.table(("Kind", "Scope", "Value", "Since"), rows)
