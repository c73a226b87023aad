"""Places around the provider's call where a send waits to be killed.

`FAULTS_FOLDER/plan.json` is {"together": bool, "places": {conversation: place}}. The first send of
such a conversation that comes to its place leaves a file `parked-<conversation>` and goes no
further; the harness kills the process. Unless `together`, every send has its turn alone.
"""

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import kernel.egress.door as door
import kernel.work.serving as serving
import messaging.dispatch.together as together
from channels.providers.whatsapp.client import WhatsAppClient
from messaging.models import Delivery

_here = threading.local()
_conversations: dict[str, str] = {}
"""Message → conversation, of the sends that this process took in hand."""


def install() -> None:
    _alone()
    _together()
    _wire()
    _answer()


def _folder() -> Path:
    return Path(os.environ["FAULTS_FOLDER"])


def _plan() -> dict[str, Any]:
    path = _folder() / "plan.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found or {"together": True, "places": {}}


def _planned(conversation: str) -> str:
    """The place that this conversation is still to be stopped at."""
    if (_folder() / f"parked-{conversation}").exists():
        return ""
    return str(_plan()["places"].get(conversation, ""))


def _stop_at(place: str, *conversations: str) -> None:
    here = [name for name in conversations if name and _planned(name) == place]
    stopped = False
    for name in here:
        try:
            (_folder() / f"parked-{name}").touch(exist_ok=False)
            stopped = True
        except FileExistsError:
            continue
    if stopped:
        time.sleep(600)


def _note(deliveries: Any) -> list[str]:
    for delivery in deliveries:
        _conversations[str(delivery.message_id)] = str(delivery.conversation_id)
    return [str(delivery.conversation_id) for delivery in deliveries]


def _alone() -> None:
    lease_items, settle = serving.lease_items, serving._settle

    def leasing(model: Any, lease: Any, most: int, **options: Any) -> Any:
        if model is not Delivery:
            return lease_items(model, lease, most, **options)
        _stop_at("before_lease", lease.key.rpartition(":")[2])
        batch = lease_items(model, lease, most, **options)
        _stop_at("after_lease", *_note(batch.items))
        return batch

    def settling(model: Any, item: Any, *rest: Any) -> Any:
        found = settle(model, item, *rest)
        if model is Delivery:
            _stop_at("committed", str(item.conversation_id))
        return found

    serving.lease_items, serving._settle = leasing, settling


def _together() -> None:
    ready, lease, accepted = together.ready_sends, together.lease_sends, together.settle_accepted

    def choosing(heads: Any) -> Any:
        return ready(heads) if _plan()["together"] else []

    def recording(sends: Any, back: Any) -> Any:
        _stop_at("before_lease", *_note([send.delivery for send in sends]))
        ours = lease(sends, back)
        _stop_at("recorded", *_note([send.delivery for send in ours]))
        return ours

    def settling(taken: Any) -> Any:
        recorded = accepted(taken)
        _stop_at("committed", *_note([send.delivery for send, _ in recorded]))
        return recorded

    together.ready_sends, together.lease_sends = choosing, recording
    together.settle_accepted = settling


def _wire() -> None:
    write, read = door._Exchange._write, door._Exchange._read

    def writing(self: Any, wire: Any) -> Any:
        whole, name = self._message, getattr(_here, "conversation", "")
        if name and _planned(name) == "half_written":
            self._message = whole[: len(whole) // 2]
            write(self, wire)
            _stop_at("half_written", name)
        return write(self, wire)

    def reading(self: Any, wire: Any, was_written: bool) -> Any:
        _stop_at("written", getattr(_here, "conversation", ""))
        return read(self, wire, was_written)

    door._Exchange._write, door._Exchange._read = writing, reading


def _answer() -> None:
    send = WhatsAppClient.send

    def sending(self: Any, body: Any) -> Any:
        _here.conversation = _conversations.get(str(body.get("biz_opaque_callback_data")), "")
        try:
            outcome = send(self, body)
        finally:
            name, _here.conversation = _here.conversation, ""
        _stop_at("answered", name)
        return outcome

    WhatsAppClient.send = sending
