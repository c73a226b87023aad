"""A listener at the event stream, without a socket: the ASGI application in a loop of its own."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from config.stream.app import StreamApplication


class Listening:
    """An open stream. Frames are kept as they come; ``closed`` is set when the server ends it."""

    def __init__(self, **headers: str) -> None:
        self.status, self.text, self.closed = 0, "", threading.Event()
        self._headers = [
            (k.lower().replace("_", "-").encode(), v.encode()) for k, v in headers.items()
        ]
        self._loop = asyncio.new_event_loop()
        self._gone: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Listening":
        self._thread.start()
        self.wait(lambda: self.status)
        return self

    def __exit__(self, *_: object) -> None:
        if self._gone is not None and not self.closed.is_set():
            self._loop.call_soon_threadsafe(self._gone.set)
        self._thread.join(20)
        assert not self._thread.is_alive()

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events received so far."""
        frames = [dict(line.split(": ", 1) for line in frame.splitlines() if ": " in line)
                  for frame in self.text.split("\n\n")]  # fmt: skip
        return [{"event": f["event"], **json.loads(f["data"])} for f in frames if "data" in f]

    def wait(self, for_: Callable[[], Any], seconds: float = 20.0) -> float:
        """Until ``for_`` says so; returns how long it took, raises after ``seconds``."""
        began = time.monotonic()
        while not for_():
            assert time.monotonic() - began < seconds, f"nothing came: {self.status} {self.text!r}"
            time.sleep(0.02)
        return time.monotonic() - began

    def _run(self) -> None:
        self._loop.run_until_complete(self._listen())
        self._loop.close()

    async def _listen(self) -> None:
        self._gone = asyncio.Event()
        scope = {"type": "http", "method": "GET", "path": "/api/v1/stream", "query_string": b"",
                 "headers": self._headers, "client": ("127.0.0.1", 1)}  # fmt: skip
        await StreamApplication()(scope, self._receive, self._send)
        self.closed.set()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    async def _receive(self) -> dict[str, Any]:
        assert self._gone is not None
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.text += message["body"].decode()
