"""Forgetting one person: asked for, then worked off in turns, with a certificate at the end.

The identities go first, so that whoever writes again is somebody new. What recognises a
repetition stays: a message keeps its place and its provider's id, an item of the ledger its key,
both without words; so an old webhook that comes again brings nothing back.
"""

import time
from typing import Any

import structlog

from archives.errors import ErasureOpen
from archives.events import ContactErased
from archives.models import ContactErasure
from archives.services import forgetting_rows as rows
from crm.selectors import get_contact
from kernel import audit, work
from kernel.audit.signing import signed
from kernel.clock import iso, now
from kernel.events import emit
from kernel.mongo.doors import ObjectId, UniqueViolation, collection, owner
from kernel.mongo.ids import first_id_at, new_id
from kernel.mongo.transactions import run_transaction
from kernel.scoping import active_tenant_id
from kernel.work import Done, Kind, Later, Lease, Released, register
from kernel.work.outcomes import Outcome
from kernel.work.serving import serve_one
from tenants.access import current_principal, require
from tenants.permissions import Permission
from webhooks.services.redaction import redact_person

log = structlog.get_logger(agentName="archive")
KIND = "forget"
TURN_S, FILES_AGAIN_S = 6.0, 1.0
STEPS = ("begin", "talks", "events", "lookups", "answers", "raw", "files", "end")
State = dict[str, Any]


def register_kind() -> None:
    register(Kind(name=KIND, queue="default", serve=serve, lease_s=60.0, one_shot=True))


def erase_contact(*, contact_id: str) -> ContactErasure:
    """Begin to forget a contact and all who were merged into it; ``ErasureOpen`` while one runs."""
    require(Permission.CONTACTS_ERASE)
    contact = get_contact(contact_id)

    def body() -> ContactErasure:
        id_ = new_id()
        by = current_principal().member_id
        item = ContactErasure(pk=id_, lane=id_, contact_id=contact.pk, asked_by_id=by)
        work.enqueue(KIND, item)
        audit.record("contact.erasure_asked", contact, {"erasure": [None, id_]})
        return item

    try:
        return run_transaction(body)
    except UniqueViolation as error:
        raise ErasureOpen from error


def serve(lease: Lease) -> Released:
    return serve_one(ContactErasure, lease, go_on)


def go_on(erasure: ContactErasure) -> Outcome:
    """Do for the length of a turn."""
    until, state = time.monotonic() + TURN_S, dict(erasure.progress) or {"step": STEPS[0]}
    wait_s = 0.0
    while state["step"] != "end":
        wait_s = DO[state["step"]](erasure, state)
        _note(erasure, state)
        if wait_s or time.monotonic() >= until:
            break
    else:
        return Done(note="erased", apply=lambda: _end(erasure, state))
    erasure.attempts = 1  # it moved, so whatever killed it before is behind it
    return Later(seconds=wait_s, error="", burn=False)


def _note(erasure: ContactErasure, state: State) -> None:
    mine = {**owner(), "_id": ObjectId(erasure.pk)}
    collection(ContactErasure).update_one(mine, {"$set": {"progress": state}})


def _next(state: State) -> None:
    state["step"], state["after"] = STEPS[STEPS.index(state["step"]) + 1], None


def _begin(erasure: ContactErasure, state: State) -> float:
    """Note by what the person is known, then make them unknown."""
    if "values" not in state:
        found = rows.known_by(erasure.contact_id)
        state |= {**found, "counts": {}, "began_at": iso(now()), "after": None}
        return 0  # certain before the first thing goes
    _count(state, "contact_identities", rows.forget_contacts(state["contacts"]))
    _next(state)
    return 0


def _count(state: State, name: str, number: int) -> None:
    state["counts"][name] = state["counts"].get(name, 0) + number


def _talks(erasure: ContactErasure, state: State) -> float:
    """A page of messages of one conversation after the other."""
    done: list[str] = state.setdefault("done", [])
    talk = next((id_ for id_ in state["talks"] if id_ not in done), None)
    if talk is None:
        _next(state)
        return 0
    counted, after = rows.forget_messages(talk, state["after"] or 0)
    for name, number in counted.items():
        _count(state, name, number)
    state["after"] = after
    if after is None:
        rows.forget_talk(talk)
        done.append(talk)
    return 0


def _events(erasure: ContactErasure, state: State) -> float:
    changed, state["after"] = rows.forget_events(state["values"], state["after"])
    _count(state, "webhook_events", changed)
    if state["after"] is None:
        _next(state)
    return 0


def _lookups(erasure: ContactErasure, state: State) -> float:
    changed, state["after"] = rows.forget_lookups(state["values"], state["after"])
    _count(state, "lookups", changed)
    if state["after"] is None:
        _next(state)
    return 0


def _answers(erasure: ContactErasure, state: State) -> float:
    named = [*state["values"], *state["contacts"], *state["talks"]]
    removed, state["after"] = rows.forget_answers(named, state["after"])
    _count(state, "idempotency_keys", removed)
    if state["after"] is None:
        _next(state)
    return 0


def _raw(erasure: ContactErasure, state: State) -> float:
    """The tenant's parts of bodies since the person was first known; repetitions end at this moment."""
    if not state["values"]:
        _next(state)
        return 0
    until = first_id_at(now())
    after, _, changed = redact_person(
        state["values"], after=state["after"] or state["since"], until=until
    )
    _count(state, "webhook_deliveries", changed)
    state["after"] = after
    if not after:
        _next(state)
    return 0


def _files(erasure: ContactErasure, state: State) -> float:
    """The bytes go by work of their own; the certificate waits for them."""
    left = rows.files_left(state["talks"])
    if left:
        return FILES_AGAIN_S
    _next(state)
    return 0


def _end(erasure: ContactErasure, state: State) -> None:
    certificate = {
        "what": "contact", "erasure_id": erasure.pk, "tenant_id": active_tenant_id(),
        "contact_id": erasure.contact_id, "merged": state["contacts"][1:],
        "asked_by": erasure.asked_by_id, "asked_at": iso(erasure.created_at),
        "began_at": state["began_at"], "finished_at": iso(now()), "erased": state["counts"],
    }  # fmt: skip
    mine = {**owner(), "_id": ObjectId(erasure.pk)}
    fields = {"certificate": signed(certificate), "progress": {}}
    collection(ContactErasure).update_one(mine, {"$set": fields})
    audit.record("contact.erased", ("contact", erasure.contact_id))
    emit(ContactErased(contact_id=erasure.contact_id))
    log.info("contact.erased", erasure_id=erasure.pk)


DO = {"begin": _begin, "talks": _talks, "events": _events, "lookups": _lookups,
      "answers": _answers, "raw": _raw, "files": _files}  # fmt: skip
