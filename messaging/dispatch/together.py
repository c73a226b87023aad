"""Sending for many conversations of a tenant at once: shared reads, one record of the attempts, calls side by side.

Only what is plain goes together; a delivery with a history, a file or a closed window has its turn
alone (``deliver.serve``). Between the record of the attempts and their end a worker may die: every
one of the batch is then an attempt without an end, which is never sent again.
"""

import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from django.db import DatabaseError

from channels.providers.contract import Accepted, ChannelBroken
from channels.providers.contract import Outcome as Answer
from kernel.clock import now
from kernel.mongo.doors import ObjectId, PyMongoError, UpdateOne, collection, owner
from kernel.mongo.transactions import assert_no_session
from kernel.work import Kind, Lease, Released, StaleFence, kind_named, register
from kernel.work.bell import ring
from kernel.work.drain import serve as serve_lane
from kernel.work.items import Batch
from kernel.work.lanes import release
from kernel.work.outcomes import Outcome
from kernel.work.serving import serve_leased
from messaging.dispatch import deliver, pacing, settle
from messaging.dispatch.accepting import Taken, is_simple, settle_accepted
from messaging.dispatch.calls import Call, Slots, pool
from messaging.dispatch.heads import Head, Send, heads_of, ready_sends
from messaging.models import Delivery

log = structlog.get_logger(agentName="message")
WAIT_S = 0.3  # how long the other lanes wait for a slow call
PACE_S, STEP_S = 0.25, 0.03  # how long a batch waits for the number's rate, and between two looks
Back = dict[str, Released | None]


def register_kind() -> None:
    register(Kind(name="send", queue="outbound", serve=deliver.serve, together=together,
                  lease_s=60.0))  # fmt: skip


def together(leases: Sequence[Lease]) -> list[Released | None]:
    """One turn of several lanes. None for a lane whose call still runs: its thread puts it back."""
    heads = heads_of(leases)
    back: Back = {head.lease.key: Released(due_at=head.delivery.due_at)
                  for head in heads if head.delivery.due_at > now()}  # fmt: skip
    due = [head for head in heads if head.lease.key not in back]
    sends = ready_sends([head for head in due if head.is_fresh])
    plain = {send.lease.key for send in sends}
    alone = [head for head in due if head.lease.key not in plain]
    if alone and len(leases) == 1:
        return [deliver.serve(leases[0])]
    if due:
        _work(sends, alone, back)
    return [back.get(lease.key, Released()) for lease in leases]


def _work(sends: list[Send], alone: list[Head], back: Back) -> None:
    soon = Released(due_at=now() + timedelta(seconds=WAIT_S))
    sends.sort(key=lambda send: send.delivery.priority == Delivery.BULK)
    with pool().slots(len(sends) + len(alone), WAIT_S) as slots:
        sends, rest = sends[: slots.count], sends[slots.count :]
        room = slots.count - len(sends)
        back.update((send.lease.key, soon) for send in rest)
        back.update((head.lease.key, soon) for head in alone[room:])
        lone = _start_alone(alone[:room], slots)
        calls = _start(sends, slots, back)
        slots.wait(WAIT_S)
    for key, turn in lone:
        turn.leave()
        back[key] = None
    left = {send.lease.key for send, call in calls if call.leave()}
    back.update((key, None) for key in left)
    _settle([(send, call) for send, call in calls if send.lease.key not in left], back)


def _start(sends: list[Send], slots: Slots, back: Back) -> list[tuple[Send, Call]]:
    """Start the calls as the number's rate lets them; what has to wait longer is put back."""
    started: list[tuple[Send, Call]] = []
    until = time.monotonic() + PACE_S
    while sends:
        waits = pacing.wait_for_turns([(send.channel, send.delivery) for send in sends])
        timed = list(zip(sends, waits, strict=True))
        for send in _leased([send for send, wait in timed if wait <= 0], back):
            call = Call(partial(_answer, send), partial(_settle_late, send))
            started.append((send, call))
            slots.start(call)
        later = [(send, wait) for send, wait in timed if wait > 0]
        pause = max(min((wait for _, wait in later), default=0.0), STEP_S)
        if time.monotonic() + pause > until:
            back.update((send.lease.key, Released(due_at=now() + timedelta(seconds=wait)))
                        for send, wait in later)  # fmt: skip
            break
        sends = [send for send, _ in later]
        if sends:
            time.sleep(pause)
    return started


def _answer(send: Send) -> Answer:
    """Make the call. That the account is refused is known to the next batch before it is recorded."""
    answer = send.client.send(send.body)
    if isinstance(answer, ChannelBroken):
        pacing.note_refused(send.channel)
    return answer


def _leased(sends: list[Send], back: Back) -> list[Send]:
    """``lease_sends``; when the database fails nothing leaves, and calls that run are not forgotten."""
    try:
        return lease_sends(sends, back)
    except (PyMongoError, DatabaseError):
        log.warning("sends.interrupted", sends=len(sends), exc_info=True)
        again = Released(due_at=now() + timedelta(seconds=1))
        back.update((send.lease.key, again) for send in sends)
        return []


def lease_sends(sends: list[Send], back: Back) -> list[Send]:
    """Lease the deliveries and record their attempts in one write, before any socket opens.

    Returns those that are ours. One that changed meanwhile has its lane looked at again; if the lane
    was lost, putting it back changes nothing.
    """
    if not sends:
        return []
    changes = []
    for send in sends:
        entry = deliver.attempt(send.lease.fence, 1)
        changes.append(UpdateOne(_untouched(send), {
            "$set": {"state": Delivery.LEASED, "fence": send.lease.fence},
            "$inc": {"attempts": 1}, "$push": {"tries": entry},
        }))  # fmt: skip
        send.delivery.tries, send.delivery.attempts = [entry], 1
        send.delivery.state, send.delivery.fence = Delivery.LEASED, send.lease.fence
    matched = collection(Delivery).bulk_write(changes, ordered=False).matched_count
    ours = sends if matched == len(sends) else _ours(sends)
    kept = {send.lease.key for send in ours}
    back.update((send.lease.key, Released(due_at=now())) for send in sends
                if send.lease.key not in kept)  # fmt: skip
    return ours


def _untouched(send: Send) -> dict[str, Any]:
    return {**owner(), "_id": ObjectId(send.delivery.pk), "open": True, "outcome": "queued",
            "attempts": 0, "tries": [], "state": {"$ne": Delivery.LEASED},
            "fence": {"$lt": send.lease.fence}}  # fmt: skip


def _ours(sends: Sequence[Send]) -> list[Send]:
    ids = [ObjectId(send.delivery.pk) for send in sends]
    where = {**owner(), "_id": {"$in": ids}, "state": Delivery.LEASED}
    fences = {
        str(row["_id"]): row["fence"] for row in collection(Delivery).find(where, {"fence": 1})
    }
    return [send for send in sends if fences.get(send.delivery.pk) == send.lease.fence]


def _settle(ended: list[tuple[Send, Call]], back: Back) -> None:
    """What was simply taken is recorded in one transaction; everything else, and all if that fails, alone."""
    taken: list[Taken] = [
        (send, call.answer) for send, call in ended
        if isinstance(call.answer, Accepted) and is_simple(send, call.answer)
    ]  # fmt: skip
    try:
        if taken:
            taken = settle_accepted(taken)
    except Exception as error:  # alone it shows which of them cannot be recorded
        log.warning("sends.parted", sends=len(taken), error=type(error).__name__, exc_info=True)
        taken = []
    recorded = {send.lease.key for send, _ in taken}
    for send, call in ended:
        key = send.lease.key
        if key in recorded:
            back[key] = Released(due_at=now() if send.more else None, served=1)
        else:
            back[key] = _settled_alone(send, call)


def _settled_alone(send: Send, call: Call) -> Released | None:
    """Nothing may escape here: the lanes beside it have been served."""
    try:
        return settle_one(send, call)
    except StaleFence:
        log.warning("lane.lost", lane=send.lease.key, fence=send.lease.fence)
        return Released(due_at=now())  # changes nothing if it is the lane that was lost
    except Exception:
        log.exception("send.unsettled", lane=send.lease.key)
        return None  # the lease ends by itself, and the attempt without an end is unknown


def settle_one(send: Send, call: Call) -> Released:
    """Record what became of one call by the rules of a lone delivery."""

    def answered(delivery: Delivery) -> Outcome:
        if call.error is not None:
            raise call.error
        return settle.outcome(send.channel, delivery, send.message, call.answer)

    batch = Batch([send.delivery], more=send.more)
    return serve_leased(Delivery, send.lease, batch, answered, on_bury=settle.bury)


def _settle_late(send: Send, call: Call) -> None:
    """In the call's own thread, when the batch has gone on without it."""
    try:
        released = _settled_alone(send, call)
        if released is not None:
            release(send.lease, released)
            if released.due_at is not None:
                ring("send")
    except Exception:
        log.exception("lane.unreleased", lane=send.lease.key)
    finally:
        assert_no_session()


def _start_alone(heads: list[Head], slots: Slots) -> list[tuple[str, Call]]:
    """Give each lane a whole turn of its own, which also puts the lane back."""
    started = []
    for head in heads:
        turn = partial(serve_lane, kind_named("send"), head.lease)
        call = Call(turn, lambda _: ring("send"))
        slots.start(call)
        started.append((head.lease.key, call))
    return started
