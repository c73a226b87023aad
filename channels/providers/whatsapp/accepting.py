"""What a send was answered with."""

from channels.providers.contract import Accepted, Unknown
from channels.providers.events import Identity
from channels.providers.meta.access import given_id
from channels.providers.whatsapp.access import as_objects, as_text
from channels.providers.whatsapp.graph import read_json
from channels.providers.whatsapp.identity import BSUID, WA_ID
from kernel import egress


def accepted(response: egress.Response) -> Accepted | Unknown:
    """Return the message's id, or that none was given: it may have been taken."""
    answer = read_json(response)
    messages, contacts = as_objects(answer, "messages"), as_objects(answer, "contacts")
    external_id = given_id(messages[0], "id") if messages else ""
    if not external_id:
        return Unknown(reason="accepted without a message id")
    contact = contacts[0] if contacts else {}
    for kind, key in ((WA_ID, "wa_id"), (BSUID, "user_id")):
        if value := as_text(contact, key):
            return Accepted(external_id=external_id, alias=Identity(kind=kind, value=value))
    return Accepted(external_id=external_id)
