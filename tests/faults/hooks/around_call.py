"""Places around the provider's call where a send waits to be killed.

`FAULTS_FOLDER/plan.json` maps conversations to places. The first send of such a conversation that
comes there leaves a file `parked-<conversation>` and goes no further; the harness kills the process.
"""

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import kernel.egress.door as door
import kernel.work.serving as serving
from channels.providers.whatsapp.client import WhatsAppClient

_local = threading.local()


def install() -> None:
    _lease()
    _wire()
    _answer()


def _stop_at(place: str, conversation: str | None = None) -> None:
    name = conversation or getattr(_local, "conversation", "")
    folder = Path(os.environ["FAULTS_FOLDER"])
    plan = folder / "plan.json"
    if not name or not plan.exists() or json.loads(plan.read_text()).get(name) != place:
        return
    try:
        (folder / f"parked-{name}").touch(exist_ok=False)
    except FileExistsError:
        return
    time.sleep(600)


def _lease() -> None:
    lease_items, settle = serving.lease_items, serving._settle

    def leasing(model: Any, lease: Any, most: int) -> Any:
        lane = lease.key.split(":", 1)[1]
        is_send = lane.startswith("conversation:")
        _local.conversation = lane.removeprefix("conversation:") if is_send else ""
        _stop_at("before_lease")
        batch = lease_items(model, lease, most)
        if batch.items:
            _stop_at("after_lease")
        return batch

    def settling(*args: Any) -> Any:
        found = settle(*args)
        _stop_at("committed")
        return found

    serving.lease_items, serving._settle = leasing, settling


def _wire() -> None:
    write, read = door._Exchange._write, door._Exchange._read

    def writing(self: Any, wire: Any) -> Any:
        whole = self._message
        if _planned() == "half_written":
            self._message = whole[: len(whole) // 2]
            write(self, wire)
            _stop_at("half_written")
            self._message = whole[len(whole) // 2 :]
        return write(self, wire)

    def reading(self: Any, wire: Any, was_written: bool) -> Any:
        _stop_at("written")
        return read(self, wire, was_written)

    door._Exchange._write, door._Exchange._read = writing, reading


def _planned() -> str:
    plan = Path(os.environ["FAULTS_FOLDER"]) / "plan.json"
    name = getattr(_local, "conversation", "")
    if not name or not plan.exists() or (plan.parent / f"parked-{name}").exists():
        return ""
    return str(json.loads(plan.read_text()).get(name, ""))


def _answer() -> None:
    send = WhatsAppClient.send

    def sending(self: Any, body: Any) -> Any:
        outcome = send(self, body)
        _stop_at("answered")
        return outcome

    WhatsAppClient.send = sending
