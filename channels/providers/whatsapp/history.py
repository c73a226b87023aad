"""The past of a number that was on a telephone before: threads of messages of both sides.

Meta sends it in chunks out of order, thousands of messages in one body. A thread is cut into
pieces, so that a piece is applied in one short transaction and one bad message costs nobody
else theirs. Payload shapes: Meta's ``history`` webhook reference.
"""

from collections.abc import Iterator
from typing import Any

from channels.providers.contract import BadItem, RawItem
from channels.providers.events import (
    AccountNotice,
    Event,
    Ignored,
    MessageEdited,
    StatusUpdate,
)
from channels.providers.whatsapp.access import (
    as_int,
    as_list,
    as_object,
    as_objects,
    as_text,
    as_time,
)
from channels.providers.whatsapp.change import (
    MAX_ID,
    Change,
    bad_item,
    fingerprint,
    item_id,
    raw_item,
)
from channels.providers.whatsapp.contacts import Contacts
from channels.providers.whatsapp.content import first_error, read_content
from channels.providers.whatsapp.echoes import business_events
from channels.providers.whatsapp.identity import (
    Names,
    contact_names,
    echo_names,
    is_same_phone,
    message_names,
    person,
    read_names,
)
from channels.providers.whatsapp.messages import customer_events
from channels.providers.whatsapp.unparsable import Unparsable
from kernel.jsonsafe import TooDeep, pruned, storable_json

Json = dict[str, Any]
Items = Iterator[RawItem | BadItem]

_PIECE = 20
_MESSAGE_DEPTH = 12
_CONTEXT_DEPTH = 4
_STATUSES = {
    "SENT": "sent",
    "DELIVERED": "delivered",
    "READ": "read",
    "PLAYED": "played",
    "ERROR": "failed",
}

# --------------------------------------------------------------------------------- cutting


def cut_chunk(change: Change, contacts: Contacts, chunk: Json) -> Items:
    """Yield the items of one element of ``value.history``: its progress, pieces and errors."""
    for error in as_list(chunk, "errors"):
        if isinstance(error, dict):
            yield raw_item(change, {"error": error})
        else:
            yield bad_item("an error of the history is not an object", error)
    threads = chunk.get("threads")
    if isinstance(chunk.get("metadata"), dict) or not (threads or chunk.get("errors")):
        # One that says nothing else still says that a part came.
        yield raw_item(change, {"progress": as_object(chunk, "metadata")})
    if threads is not None and not isinstance(threads, list):
        yield bad_item("the threads of the history are not a list", threads)
    for thread in as_list(chunk, "threads"):
        if isinstance(thread, dict) and isinstance(thread.get("messages"), list):
            yield from _thread(change, contacts, thread)
        else:
            yield bad_item("a thread of the history has no list of messages", thread)


def _thread(change: Change, contacts: Contacts, thread: Json) -> Items:
    names = _thread_names(thread)
    ours = change.metadata.get("display_phone_number", "")
    good: list[Json] = []
    for message in thread["messages"]:
        problem = _problem(message, ours, names)
        if problem:
            yield bad_item(problem, message)
        else:
            good.append(message)
    context = pruned(as_object(thread, "context"), max_depth=_CONTEXT_DEPTH)
    head = {"id": as_text(thread, "id")[:MAX_ID], "context": context}
    for start in range(0, len(good), _PIECE):
        piece = good[start : start + _PIECE]
        order_key = names.order_key or _other_side(piece[0], ours, names)[1].order_key
        theirs = contacts.of(names) or _named_in(context)
        body = {"contacts": theirs, "thread": {**head, "messages": piece}}
        # Chunks are sent again with other progress; the messages alone tell what they are.
        key = "history:" + fingerprint(storable_json([head["id"], piece]))
        yield raw_item(change, body, key=key, order_key=order_key)


def _named_in(context: Json) -> list[Json]:
    """The contact entry that a thread's context makes up for: it tells a hidden number's user name."""
    profile = {key: text for key in ("name", "username") if (text := as_text(context, key))}
    return [{**context, "profile": profile}] if profile else []


def _thread_names(thread: Json) -> Names:
    """The customer of a thread: its id is their phone, or what stands for it."""
    named = read_names(thread, phone="id")
    context = contact_names(as_object(thread, "context"))
    return Names(
        phone=named.phone or context.phone,
        bsuid=named.bsuid or context.bsuid,
        parent=named.parent or context.parent,
    )


def _problem(message: Any, ours: str, thread: Names) -> str:
    """Why a message cannot be part of a piece; empty where it can."""
    if not isinstance(message, dict):
        return "a message of the history is not an object"
    if not item_id(message):
        return "a message has no usable id"
    if not _other_side(message, ours, thread)[1].order_key:
        return "a message of the history does not say whose it is"
    try:
        storable_json(message, max_depth=_MESSAGE_DEPTH)
    except TooDeep as error:
        return str(error)
    return ""


def _other_side(message: Json, our_phone: str, thread: Names) -> tuple[bool, Names]:
    """Return whether the business wrote this, and the customer it was written with.

    Whose number stands in ``from`` decides; ``to`` is there only where it was also an echo.
    """
    sender, receiver = message_names(message), echo_names(message)
    if is_same_phone(sender.phone, thread.phone):
        return False, sender
    to_customer = receiver.order_key and not is_same_phone(receiver.phone, our_phone)
    not_theirs = sender.phone and thread.phone and not our_phone
    if is_same_phone(sender.phone, our_phone) or to_customer or not_theirs:
        return True, receiver if to_customer else thread
    return False, sender if sender.order_key else thread


# --------------------------------------------------------------------------------- parsing


def read_thread(thread: Json, contacts: list[Json], our_phone: str) -> list[Event]:
    """Return the events of a piece of a thread, in the order of its messages."""
    names = _thread_names(thread)
    events: list[Event] = []
    for message in as_objects(thread, "messages"):
        is_ours, customer = _other_side(message, our_phone, names)
        try:
            if is_ours:
                events += _ours(message, customer, contacts)
            else:
                theirs = person(customer, contacts)
                events += customer_events(message, contacts, is_history=True, otherwise=theirs)
        except Unparsable:  # such a message is not put into a piece
            events.append(Ignored(reason="history_message"))
    return events


def _ours(message: Json, customer: Names, contacts: list[Json]) -> list[Event]:
    events = business_events(message, person(customer, contacts), is_history=True)
    reached = as_text(as_object(message, "history_context"), "status").upper()
    if reached in _STATUSES:
        events.append(
            StatusUpdate(
                provider_at=as_time(message, "timestamp"),
                external_id=as_text(message, "id"),
                status=_STATUSES[reached],
                error=first_error(message) if reached == "ERROR" else None,
            )
        )
    return events


def read_file_of_history(message: Json, contacts: list[Json], our_phone: str) -> list[Event]:
    """Return what a ``media_placeholder`` stood for, sent apart from its thread.

    Of what the business sent it may not say to whom: then it is what the message that is
    known by its id says now.
    """
    is_ours, customer = _other_side(message, our_phone, Names())
    if not is_ours:
        return customer_events(message, contacts, is_history=True)
    recipient = person(customer, contacts)
    if recipient.identities:
        return business_events(message, recipient, is_history=True)
    said = read_content(message)
    return [
        MessageEdited(
            external_id=as_text(message, "id"),
            type=said.type,
            text=said.text,
            content=said.content,
            media=said.media,
        )
    ]


def read_progress(progress: Json) -> list[Event]:
    """Return how far the history has come; ``history_progress`` is in percent."""
    done = as_int(progress, "progress")
    keys = (("phase", "phase"), ("chunk", "chunk_order"), ("progress", "progress"))
    facts = {f"history_{ours}": as_int(progress, theirs) for ours, theirs in keys}
    sentence = "A part of the chat history arrived."
    if done is not None:
        sentence = f"The chat history is being taken over: {done} % done."
    if done == 100:
        sentence = "The chat history has been taken over completely."
    return [
        AccountNotice(
            topic="history",
            sentence=sentence,
            facts={name: value for name, value in facts.items() if value is not None},
            detail=progress,
        )
    ]
