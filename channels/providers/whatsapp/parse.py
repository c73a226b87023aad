"""One exploded item of a WhatsApp webhook into internal events.

Payload shapes: Meta's webhook references. Whatever is understood but has no meaning here is
`Ignored` with a reason that the ledger counts; whatever a customer did is shown, if only as an
unsupported message; only an item that says nothing about anyone is `Unparsable`.
"""

from collections.abc import Callable
from typing import Any

from channels.providers.events import AccountNotice, Event, Ignored, StatusUpdate
from channels.providers.whatsapp.access import (
    as_object,
    as_text,
    as_time,
    bounded_reason,
)
from channels.providers.whatsapp.account_notices import ACCOUNT_NOTICES
from channels.providers.whatsapp.calls import call_events, call_status_events, is_call_status
from channels.providers.whatsapp.content import first_error, read_error
from channels.providers.whatsapp.echoes import echo_events
from channels.providers.whatsapp.explode import LISTS
from channels.providers.whatsapp.feature_notices import FEATURE_NOTICES, LISTED_NOTICES
from channels.providers.whatsapp.handovers import handover_events
from channels.providers.whatsapp.history import read_file_of_history, read_progress, read_thread
from channels.providers.whatsapp.identity import contacts_of, person, status_names
from channels.providers.whatsapp.messages import customer_events
from channels.providers.whatsapp.notice import CRITICAL, WARNING, Notice, told
from channels.providers.whatsapp.number_notices import NUMBER_NOTICES
from channels.providers.whatsapp.people import (
    address_book_events,
    preference_events,
    user_id_events,
)
from channels.providers.whatsapp.templates_changed import TEMPLATE_FIELDS, template_events
from channels.providers.whatsapp.unparsable import Unparsable
from kernel.jsonsafe import TooDeep, storable_json

__all__ = ["STATUSES", "Unparsable", "parse"]

Json = dict[str, Any]

STATUSES = frozenset({"sent", "delivered", "read", "played", "failed"})

_NOTICES = NUMBER_NOTICES | ACCOUNT_NOTICES | FEATURE_NOTICES
_ACCOUNT_BLOCKED = frozenset({33, 131031, 131042, 131045, 133010})
_PEOPLE: dict[str, Callable[[Json, list[Json]], list[Event]]] = {
    "user_preferences": preference_events,
    "user_id_update": user_id_events,
}


def parse(body: Json) -> list[Event]:
    """Return the events of one `RawItem.body`. Raises `Unparsable`, and nothing else."""
    if not isinstance(body, dict):
        raise Unparsable("the item is not an object")
    try:
        body = storable_json(body)
    except TooDeep as error:
        raise Unparsable(str(error)) from error
    for name, reader in _READERS.items():
        if isinstance(body.get(name), dict):
            return reader(body, body[name])
    raise Unparsable("the item holds no message, status, error or value")


def _message(body: Json, message: Json) -> list[Event]:
    field = as_text(body, "field")
    if field == "history":
        return read_file_of_history(message, contacts_of(body), _our_phone(body))
    return customer_events(message, contacts_of(body), is_standby=field == "standby")


def _echo(body: Json, echo: Json) -> list[Event]:
    if as_text(body, "field") == "history":
        return read_file_of_history(echo, contacts_of(body), _our_phone(body))
    return echo_events(echo, contacts_of(body))


def _call(body: Json, call: Json) -> list[Event]:
    return call_events(call, contacts_of(body), _our_phone(body))


def _thread(body: Json, thread: Json) -> list[Event]:
    return read_thread(thread, contacts_of(body), _our_phone(body))


def _progress(body: Json, progress: Json) -> list[Event]:
    return read_progress(progress)


def _our_phone(body: Json) -> str:
    return as_text(as_object(body, "metadata"), "display_phone_number")


# ------------------------------------------------------------------------------- statuses


def _status(body: Json, status: Json) -> list[Event]:
    wamid, state = as_text(status, "id"), as_text(status, "status")
    at = as_time(status, "timestamp")
    if not wamid:
        raise Unparsable("the status has no id")
    if is_call_status(status, as_text(body, "field")):
        return call_status_events(status, contacts_of(body))
    if (kind := as_text(status, "type")) and kind != "message":  # of a payment, say
        return [Ignored(reason=bounded_reason("status_type", kind), provider_at=at)]
    if state not in STATUSES:
        return [Ignored(reason=bounded_reason("status", state), provider_at=at)]
    recipient = person(status_names(status), contacts_of(body))
    return [
        StatusUpdate(
            provider_at=at,
            external_id=wamid,
            status=state,
            callback_data=as_text(status, "biz_opaque_callback_data"),
            recipient=recipient if recipient.identities else None,
            error=first_error(status) or (first_error(body) if state == "failed" else None),
            pricing=as_object(status, "pricing") or None,
            conversation=as_object(status, "conversation") or None,
        )
    ]


# ------------------------------------------------------------------- accounts and numbers


def _error(body: Json, error: Json) -> list[Event]:
    """An error of the account itself; one that a failed status took along is no news beside it."""
    known = read_error(error)
    if body.get("of_status") is True:
        return [Ignored(reason=f"account_error:{known.code}")]
    named = known.title or "an error without a name"
    return [
        AccountNotice(
            provider_at=as_time(body, "entry_time"),
            topic=as_text(body, "field") or "messages",
            sentence=told(f"WhatsApp reports {named} ({known.code})", known.detail),
            severity=CRITICAL if known.code in _ACCOUNT_BLOCKED else WARNING,
            facts={"error_code": known.code},
            detail=error,
        )
    ]


def _item(body: Json, item: Json) -> list[Event]:
    """An element of one of the lists that are neither messages nor calls."""
    field = as_text(body, "field")
    if field in _PEOPLE:
        return _PEOPLE[field](item, contacts_of(body))
    if field == "smb_app_state_sync":
        return address_book_events(item)
    if field in LISTED_NOTICES:
        at = as_time(item, "timestamp") or as_time(body, "entry_time")
        return [_notice(field, LISTED_NOTICES[field](item), item, at)]
    return [Ignored(reason=bounded_reason("field", field))]


def _value(body: Json, value: Json) -> list[Event]:
    """A change as a whole."""
    field, at = as_text(body, "field"), as_time(body, "entry_time")
    if field in TEMPLATE_FIELDS:
        return template_events(field, value, at)
    if field == "messaging_handovers":
        return handover_events(value)
    if field in _NOTICES:
        return [_notice(field, _NOTICES[field](value), value, at)]
    reason = "empty_change" if field in LISTS else bounded_reason("field", field)
    return [Ignored(reason=reason, provider_at=at)]


def _notice(field: str, notice: Notice, detail: Json, at: Any) -> AccountNotice:
    return AccountNotice(
        provider_at=at,
        topic=field,
        sentence=notice.sentence,
        severity=notice.severity,
        facts=notice.facts,
        detail=detail,
    )


_READERS: dict[str, Callable[[Json, Json], list[Event]]] = {
    "message": _message,
    "echo": _echo,
    "status": _status,
    "call": _call,
    "error": _error,
    "thread": _thread,
    "progress": _progress,
    "item": _item,
    "value": _value,
}
