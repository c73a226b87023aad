"""One exploded item of a WhatsApp webhook into internal events.

Payload shapes: Meta's ``messages`` webhook reference. Whatever is understood but has no meaning
here is `Ignored` with a reason that the ledger counts; whatever a customer did is shown, if only
as an unsupported message; only an item that says nothing about anyone is `Unparsable`.
"""

import re
from typing import Any

from channels.providers.events import (
    Event,
    Ignored,
    InboundMessage,
    ProviderError,
    Reaction,
    StatusUpdate,
)
from channels.providers.whatsapp.access import (
    as_flag,
    as_int,
    as_object,
    as_objects,
    as_text,
    as_time,
)
from channels.providers.whatsapp.content import Content, read_content
from channels.providers.whatsapp.identity import (
    Names,
    contacts_of,
    message_names,
    person,
    status_names,
)
from kernel.jsonsafe import TooDeep, storable_json

Json = dict[str, Any]

STATUSES = frozenset({"sent", "delivered", "read", "played", "failed"})

_NOT_IN_REASON = re.compile(r"[^A-Za-z0-9_-]")


class Unparsable(ValueError):
    """The item cannot become an event; ``reason`` is a short sentence for the ledger."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse(body: Json) -> list[Event]:
    """Return the events of one `RawItem.body`. Raises `Unparsable`, and nothing else."""
    if not isinstance(body, dict):
        raise Unparsable("the item is not an object")
    try:
        body = storable_json(body)
    except TooDeep as error:
        raise Unparsable(str(error)) from error
    if isinstance(body.get("message"), dict):
        return [_message(body, body["message"])]
    if isinstance(body.get("status"), dict):
        return [_status(body, body["status"])]
    if isinstance(body.get("error"), dict):
        return [Ignored(reason=f"account_error:{as_int(body['error'], 'code') or 0}")]
    if isinstance(body.get("value"), dict):
        return [_other(body)]
    raise Unparsable("the item holds no message, status, error or value")


# ------------------------------------------------------------------------------- messages


def _message(body: Json, message: Json) -> Event:
    wamid = as_text(message, "id")
    if not wamid:
        raise Unparsable("the message has no id")
    if as_text(message, "type") == "request_welcome":
        return Ignored(reason="request_welcome", provider_at=as_time(message, "timestamp"))
    names = message_names(message)
    if not names.order_key:
        raise Unparsable("the message does not say who sent it")
    reaction = as_object(message, "reaction")
    if as_text(message, "type") == "reaction" and as_text(reaction, "message_id"):
        return Reaction(
            provider_at=as_time(message, "timestamp"),
            external_id=wamid,
            target_external_id=as_text(reaction, "message_id"),
            sender=person(names, contacts_of(body)),
            emoji=as_text(reaction, "emoji"),  # taken away: empty or absent, both occur
        )
    return _inbound(body, message, names)


def _inbound(body: Json, message: Json, names: Names) -> InboundMessage:
    said = read_content(message)
    context = as_object(message, "context")
    return InboundMessage(
        provider_at=as_time(message, "timestamp"),
        external_id=as_text(message, "id"),
        sender=person(names, contacts_of(body)),
        type=said.type,
        text=said.text,
        content=_with_surroundings(said, message, context),
        media=said.media,
        reply_to_external_id=as_text(context, "id"),
        forwarded=as_flag(context, "forwarded") or as_flag(context, "frequently_forwarded"),
        referral=as_object(message, "referral") or None,
        error=_first_error(message),
    )


def _with_surroundings(said: Content, message: Json, context: Json) -> Json:
    """Return the content with what the message carries beside its own object."""
    extra: Json = {}
    if product := as_object(context, "referred_product"):
        extra["referred_product"] = product
    if group := as_text(message, "group_id"):
        extra["group_id"] = group
    return said.content | extra


# ------------------------------------------------------------------------------- statuses


def _status(body: Json, status: Json) -> Event:
    wamid, state = as_text(status, "id"), as_text(status, "status")
    at = as_time(status, "timestamp")
    if not wamid:
        raise Unparsable("the status has no id")
    if as_text(status, "type") == "call":
        return Ignored(reason="call_status", provider_at=at)
    if state not in STATUSES:
        return Ignored(reason=_reason("status", state), provider_at=at)
    names = status_names(status)
    recipient = person(names, contacts_of(body))
    return StatusUpdate(
        provider_at=at,
        external_id=wamid,
        status=state,
        callback_data=as_text(status, "biz_opaque_callback_data"),
        recipient=recipient if recipient.identities else None,
        error=_first_error(status) or (_first_error(body) if state == "failed" else None),
        pricing=as_object(status, "pricing") or None,
    )


def _first_error(source: Json) -> ProviderError | None:
    """Return the first of ``errors`` that is an object; old versions keep details at its top."""
    error = next(iter(as_objects(source, "errors")), None)
    if error is None:
        return None
    data = error.get("error_data")
    detail = data if isinstance(data, str) else as_text(data, "details")
    title, message = as_text(error, "title"), as_text(error, "message")
    return ProviderError(
        code=as_int(error, "code") or 0,
        title=title or message,
        detail=detail or as_text(error, "details") or (message if message != title else ""),
    )


# --------------------------------------------------------------------------------- others


def _other(body: Json) -> Ignored:
    field = as_text(body, "field")
    if field == "messages":
        return Ignored(reason="empty_change")
    return Ignored(reason=_reason("field", field))


def _reason(kind: str, name: str) -> str:
    """Return a reason with few distinct values, whatever the payload says."""
    return f"{kind}:{_NOT_IN_REASON.sub('_', name)[:64] or 'unnamed'}"
