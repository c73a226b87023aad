"""Sends webhooks: signed, in order for each customer, with retries, and with chaos when asked.

A lane is the queue of one (our number, customer) pair. The next event of a lane leaves when the
one before was answered with 200 or given up, so a slow or absent receiver changes nothing in the
order. Chaos switches break exactly that, on purpose.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Coroutine, Hashable
from dataclasses import dataclass, field, replace
from typing import Any

from channels.simulator.meta.batches import join_bodies
from channels.simulator.meta.http_client import CallFailed, Client
from channels.simulator.meta.records import Json
from channels.simulator.meta.signing import encode, signature
from channels.simulator.meta.state import State

BATCH_WAIT_S = 0.03
RAW_HEADERS = {"Content-Type": "application/json", "User-Agent": "facebookexternalua"}


@dataclass
class Event:
    """One change to announce. `first` resolves to the HTTP status of the first attempt.

    `place` is where the entry holds it: `changes`, Instagram's `messaging` and `standby`, or
    `flat` for a field and value directly on the entry. `secret` signs when it is not the app's.
    """

    waba_id: str
    lane: Hashable
    value: Json
    kind: str
    url: str
    field_name: str = "messages"
    at: float | None = None
    wamid: str = ""
    secret: str = ""
    object_name: str = "whatsapp_business_account"
    place: str = "changes"
    first: asyncio.Future[int | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def body(self) -> Json:
        """The envelope with this one change."""
        entry: Json = {"id": self.waba_id}
        if self.at is not None:
            entry["time"] = int(self.at)
        if self.place in ("messaging", "standby"):
            entry[self.place] = [self.value]
        elif self.place == "flat":
            entry |= {"field": self.field_name, "value": self.value}
        else:
            entry["changes"] = [{"value": self.value, "field": self.field_name}]
        return {"object": self.object_name, "entry": [entry]}

    def settle(self, status: int | None) -> None:
        """Tell whoever waits how the first attempt ended; None means no HTTP answer."""
        if not self.first.done():
            self.first.set_result(status)


class Emitter:
    """The one place from which webhooks leave."""

    def __init__(self, state: State, client: Client) -> None:
        self.state = state
        self.client = client
        self._lanes: dict[Hashable, deque[Event]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(state.settings.max_connections)
        self._slots_size = state.settings.max_connections

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` until it ends or the simulator is reset."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel_all(self) -> None:
        """Forget everything that waits to be sent."""
        for task in self._tasks:
            task.cancel()
        for lane in self._lanes.values():
            for event in lane:
                event.settle(None)
        self._lanes.clear()

    @property
    def waiting(self) -> int:
        """Events that were not attempted yet."""
        return sum(len(lane) for lane in self._lanes.values())

    def emit(self, event: Event) -> asyncio.Future[int | None]:
        """Queue an event, as chaos allows; the future is its first attempt's HTTP status."""
        chaos, dice = self.state.chaos, self.state.random
        if chaos.lose and dice.random() < chaos.lose:
            event.settle(None)
            return event.first
        if chaos.disorder and dice.random() < chaos.disorder:
            self.background(self._alone(event, 0.05 + dice.random() * 0.4))
        else:
            self._enqueue(event)
        if chaos.duplicates and dice.random() < chaos.duplicates:
            twin = replace(event, first=asyncio.get_running_loop().create_future())
            self.background(self._alone(twin, dice.random() * 0.3))
        return event.first

    async def _alone(self, event: Event, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        await self._deliver([event])

    def _enqueue(self, event: Event) -> None:
        key = (
            ("batch", event.url, event.object_name, event.secret)
            if self.state.chaos.batch > 1
            else event.lane
        )
        lane = self._lanes.get(key)
        if lane is not None:
            lane.append(event)
            return
        self._lanes[key] = lane = deque([event])
        self.background(self._drain(key, lane))

    async def _drain(self, key: Hashable, lane: deque[Event]) -> None:
        while lane:
            size = self.state.chaos.batch
            if size > 1 and len(lane) < size:
                await asyncio.sleep(BATCH_WAIT_S)
            await self._deliver([lane.popleft() for _ in range(min(max(size, 1), len(lane)))])
        if self._lanes.get(key) is lane:
            del self._lanes[key]

    async def _deliver(self, events: list[Event]) -> None:
        settings = self.state.settings
        if self.state.chaos.delay_ms:
            await asyncio.sleep(self.state.chaos.delay_ms / 1000)
        merged = events[0].body() if len(events) == 1 else join_bodies(events)
        body = encode(merged, settings.escape)
        entry = self._record(events, merged)
        status = await self._attempt(entry, events, body)
        for event in events:
            event.settle(status)
        if status == 200:
            return
        if settings.retry_holds_lane:
            await self._retry(entry, events, body)
        else:
            self.background(self._retry(entry, events, body))

    async def _retry(self, entry: Json, events: list[Event], body: bytes) -> None:
        for delay in self.state.settings.retry_schedule_s:
            entry["state"] = "retrying"
            await asyncio.sleep(delay)
            if await self._attempt(entry, events, body) == 200:
                return
        entry["state"] = "given_up"

    def _record(self, events: list[Event], body: Json) -> Json:
        entry = {
            "at": self.state.now(),
            "url": events[0].url,
            "kinds": [event.kind for event in events],
            "wamids": [event.wamid for event in events],
            "state": "sending",
            "attempts": [],
            "body": body if self.state.settings.record_bodies else None,
        }
        return self.state.webhooks.add(entry)

    async def _attempt(self, entry: Json, events: list[Event], body: bytes) -> int | None:
        secret = events[0].secret or self.state.app_secret
        headers = {**RAW_HEADERS, "X-Hub-Signature-256": signature(secret, body)}
        attempt = await self.post(events[0].url, body, headers)
        entry["attempts"].append(attempt)
        status: int | None = attempt["status"]
        if status == 200:
            entry["state"] = "delivered"
        for ig_id in {event.waba_id for event in events}:
            account = self.state.instagram.accounts.get(ig_id)
            if account is not None:
                account.note_webhook(self.state.now(), is_taken=status == 200)
        return status

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Json:
        """One POST to the receiver: `{"at", "status", "ms", "error"}`; status None = no answer."""
        self._fit_slots()
        started = time.time()
        async with self._slots:
            try:
                timeout = self.state.settings.webhook_timeout_s
                answer = await self.client.call("POST", url, body, headers, timeout)
            except CallFailed as failure:
                ms = (time.time() - started) * 1000
                return {"at": started, "status": None, "ms": ms, "error": str(failure)}
        return {"at": started, "status": answer.status, "ms": answer.elapsed_ms, "error": None}

    def _fit_slots(self) -> None:
        """Follow a change of `max_connections`; calls under way keep their old slot."""
        wanted = self.state.settings.max_connections
        if wanted != self._slots_size:
            self._slots_size = wanted
            self._slots = asyncio.Semaphore(max(1, wanted))
