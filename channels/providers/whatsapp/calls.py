"""Voice calls, for the timeline only: the product does not answer them."""

from typing import Any

from channels.providers.events import CallNoted, Event
from channels.providers.whatsapp.access import as_int, as_object, as_text, as_time
from channels.providers.whatsapp.content import first_error
from channels.providers.whatsapp.identity import call_names, person, status_names
from channels.providers.whatsapp.unparsable import Unparsable

Json = dict[str, Any]

_DIRECTIONS = {"USER_INITIATED": "inbound", "BUSINESS_INITIATED": "outbound"}


def call_events(call: Json, contacts: list[Json], our_phone: str) -> list[Event]:
    """Return one step of a call (``connect``, ``terminate``); raises `Unparsable`.

    ``detail`` is ``{"status", "started_at", "ended_at", "error", "recording", "transcript"}`` as far as it is known; the
    session description is left out, for it is of use to a telephone only.
    """
    who = person(call_names(call, our_phone), contacts)
    if not who.identities:
        raise Unparsable("the call does not say with whom")
    return [
        CallNoted(
            provider_at=as_time(call, "timestamp"),
            external_id=as_text(call, "id"),
            person=who,
            phase=as_text(call, "event").lower()[:40] or "unknown",
            direction=_DIRECTIONS.get(as_text(call, "direction").upper(), ""),
            duration_s=as_int(call, "duration"),
            detail=_detail(call),
        )
    ]


def is_call_status(status: Json, field: str) -> bool:
    """Return whether a status is a call's; it may stand among those of messages."""
    declared = as_text(status, "type")
    return declared == "call" or (
        not declared and (field == "calls" or as_text(status, "id").startswith("wacid."))
    )


def call_status_events(status: Json, contacts: list[Json]) -> list[Event]:
    """Return what became of a call of ours (``ringing``, ``accepted``, ``rejected``)."""
    who = person(status_names(status), contacts)
    if not who.identities:
        raise Unparsable("the call does not say with whom")
    return [
        CallNoted(
            provider_at=as_time(status, "timestamp"),
            external_id=as_text(status, "id"),
            person=who,
            phase=as_text(status, "status").lower()[:40] or "unknown",
            direction="outbound",
            detail=_detail(status, "biz_opaque_callback_data"),
        )
    ]


def _detail(source: Json, *keys: str) -> Json:
    detail: Json = {key: text for key in ("status", *keys) if (text := as_text(source, key))}
    for ours, theirs in (("recording", "call_recording"), ("transcript", "call_transcript")):
        if file := as_object(source, theirs):
            detail[ours] = file
    for ours, theirs in (("started_at", "start_time"), ("ended_at", "end_time")):
        if moment := as_time(source, theirs):
            detail[ours] = moment.isoformat()
    if error := first_error({"errors": _errors(source)}):
        detail["error"] = {"code": error.code, "title": error.title, "detail": error.detail}
    return detail


def _errors(source: Json) -> list[Any]:
    """The errors, which for a call were seen as one object too."""
    errors = source.get("errors")
    return errors if isinstance(errors, list) else [as_object(source, "errors")] if errors else []
