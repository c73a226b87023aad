"""Live updates for the telephone page: numbered events, with a memory for reconnects."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator

from channels.simulator.meta.records import Json

HEARTBEAT_S = 15.0
REMEMBERED = 2_000
QUEUE_LIMIT = 5_000


class Hub:
    """Hands each published event to every open page. A page that cannot follow must reload."""

    def __init__(self) -> None:
        self._last = 0
        self._recent: deque[tuple[int, str, Json]] = deque(maxlen=REMEMBERED)
        self._pages: set[asyncio.Queue[str | None]] = set()
        self._is_closed = False

    def publish(self, kind: str, data: Json) -> None:
        """Send `data` as a server-sent event of this kind."""
        self._last += 1
        self._recent.append((self._last, kind, data))
        if not self._pages:
            return
        text = _event(self._last, kind, data)
        for page in list(self._pages):
            if page.qsize() < QUEUE_LIMIT:
                page.put_nowait(text)
            else:
                self._pages.discard(page)
                page.put_nowait(None)

    async def stream(self, last_event_id: int | None) -> AsyncIterator[str]:
        """Events after `last_event_id`, then live; `resync` first when some are forgotten."""
        page: asyncio.Queue[str | None] = asyncio.Queue()
        self._pages.add(page)
        try:
            yield f"retry: 1000\n\n{self._missed(last_event_id)}"
            while not self._is_closed:
                try:
                    text = await asyncio.wait_for(page.get(), HEARTBEAT_S)
                except TimeoutError:
                    text = ": still here\n\n"
                if text is None:
                    return
                yield text
        finally:
            self._pages.discard(page)

    def _missed(self, after: int | None) -> str:
        if after is None or after == self._last:
            return ""
        oldest = self._recent[0][0] if self._recent else self._last + 1
        if after > self._last or after + 1 < oldest:
            return f"id: {self._last}\nevent: resync\ndata: {{}}\n\n"
        return "".join(_event(*item) for item in self._recent if item[0] > after)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._is_closed = True
        for page in self._pages:
            page.put_nowait(None)


def _event(number: int, kind: str, data: Json) -> str:
    return f"id: {number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n"
