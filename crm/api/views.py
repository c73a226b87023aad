"""Contacts: listed, read, changed."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.operations import operation
from config.api.paging import page
from config.api.preconditions import expected_version
from config.api.serializers import page_of
from config.api.views import ApiView
from crm import errors
from crm.api import serializers as shapes
from crm.api.representations import contacts_json, one_contact_json
from crm.selectors import get_contact, list_contacts
from crm.services.contacts import change_contact
from tenants.errors import InvalidFields
from tenants.permissions import Permission as P

CONTACT = {
    "id": "0192f0c1a2b3000000a1b2c3", "name": "Ana Souza", "username": "", "phone": "5511955501001",
    "email": "", "attributes": {"tier": "gold"}, "blocked": False, "version": 3, "merged_into_id": None,
    "preferences": {"marketing": {"is_wanted": False, "at": "2026-03-14T09:26:53.000Z",
                                  "source": "whatsapp"}},
    "created_at": "2026-03-14T09:26:53.589Z", "updated_at": "2026-03-14T09:26:53.589Z",
    "last_seen_at": None,
}  # fmt: skip
ONE = {**CONTACT, "identities": [{"kind": "wa_id", "value": "5511955501001", "retired": False}]}
PHONE = OpenApiParameter("phone", str, description="Exactly this number; a leading + is ignored.")


class Contacts(ApiView):
    @operation("contacts_list", "List contacts", needs=(P.CONTACTS_READ,), paged=True,
               parameters=(PHONE,), gives=page_of(shapes.ContactShown),
               example={"results": [CONTACT], "next": None},
               about="Newest first.")  # fmt: skip
    def get(self, request: Request) -> Response:
        contacts = list_contacts(phone=request.query_params.get("phone", ""))
        return Response(
            page(request, contacts, keys=("-id",), render=contacts_json, scope="contacts")
        )


class Contact(ApiView):
    @operation("contacts_get", "Read a contact", needs=(P.CONTACTS_READ,), versioned=True,
               gives=shapes.OneContactShown, problems=(errors.ContactNotFound,),
               example=ONE)  # fmt: skip
    def get(self, request: Request, contact_id: str) -> Response:
        return Response(one_contact_json(get_contact(contact_id)))

    @operation(
        "contacts_change", "Change a contact", needs=(P.CONTACTS_WRITE,), versioned=True,
        takes=shapes.ContactChange, gives=shapes.OneContactShown,
        problems=(errors.ContactNotFound, errors.StaleContact, InvalidFields),
        asks={"name": "Ana Souza", "attributes": {"tier": "gold"}}, example=ONE,
        about="With `If-Match` (or `version`) only if nobody changed it meanwhile.",
    )  # fmt: skip
    def patch(self, request: Request, contact_id: str, body: dict[str, Any]) -> Response:
        version = expected_version(request, body)
        contact = change_contact(contact_id=contact_id, version=version, **body)
        return Response(one_contact_json(contact))
