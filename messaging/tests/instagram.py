"""An Instagram channel, a customer of it, and what its account's webhooks say. Each call makes something new."""

import itertools
import secrets
import time
from typing import Any

from channels.models import Channel, ChannelAddress, ChannelCredential
from channels.providers.events import Identity, Person
from kernel import vault
from kernel.scoping import active_tenant_id
from messaging.services.drafts import Draft
from messaging.services.send import send_message
from tests.factories import digits
from tests.inbound import take_in

TOKEN, DANA = "IGAAtoken", "902211334455"
_count = itertools.count(1)


def instagram_channel(*, token: str = TOKEN, **external: str) -> Channel:
    """As connecting by Instagram Login leaves it."""
    ig_id = external.pop("ig_id", "") or f"17841{digits(12)}"
    row = Channel.objects.create(
        kind="instagram", name="shop.example", status=Channel.ACTIVE,
        external={"ig_id": ig_id, "login": "instagram", **external},
    )  # fmt: skip
    credential = ChannelCredential(channel=row)
    credential.access_token = vault.seal_field(credential, "access_token", token)
    credential.save(force_insert=True)
    ChannelAddress.objects.create(kind="ig_id", value=ig_id, tenant_id=active_tenant_id(),
                                  channel_id=row.pk, replay_pending=False)  # fmt: skip
    return row


def ig_person(on: Channel, igsid: str) -> Person:
    return Person(identities=(Identity(kind="igsid", value=igsid, scope=on.external["ig_id"]),))


def ig_mid() -> str:
    return f"aWdf{secrets.token_hex(20)}"


def item(on: Channel, igsid: str, *, ours: bool = False, **what: Any) -> dict[str, Any]:
    """One element of ``messaging``, from the customer or (``ours``) from the account."""
    ends = {"id": igsid}, {"id": on.external["ig_id"]}
    sender, recipient = reversed(ends) if ours else ends
    at = int(time.time() * 1000) + next(_count)
    return {"sender": sender, "recipient": recipient, "timestamp": at, **what}


def ig_text(on: Channel, igsid: str, text: str = "hello", *, mid: str = "", **more: Any) -> Any:
    return item(on, igsid, message={"mid": mid or ig_mid(), "text": text, **more})


def ig_echo(on: Channel, igsid: str, text: str, *, mid: str) -> dict[str, Any]:
    return item(on, igsid, ours=True, message={"mid": mid, "text": text, "is_echo": True})


def ig_body(on: Channel, *items: Any, changes: Any = None) -> dict[str, Any]:
    entry = {"id": on.external["ig_id"], "time": int(time.time() * 1000)}
    listed = {"messaging": list(items)} if items else {}
    more = {"changes": changes} if changes else {}
    return {"object": "instagram", "entry": [{**entry, **listed, **more}]}


def ig_receive(on: Channel, *items: Any, changes: Any = None) -> Any:
    return take_in(ig_body(on, *items, changes=changes))[0]


def ig_queue(talk, text="hi", *, type_="text", reply_to="", **body):
    draft = Draft(type=type_, text=text if type_ == "text" else "", body=body, reply_to_id=reply_to)
    return send_message(conversation_id=talk.pk, draft=draft)


def ig_taken(gram, mid=""):
    mid = mid or ig_mid()
    gram.meta.answer({"recipient_id": DANA, "message_id": mid})
    return mid
