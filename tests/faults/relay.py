"""A TCP relay between two processes that can drop, swallow or slow what goes through it."""

import asyncio
import socket
import threading
from contextlib import suppress

PASS, BLACKHOLE, REFUSE = "pass", "blackhole", "refuse"


class Relay:
    """Listens on `port` and passes everything to `target` on this machine, in a thread of its own.

    `mode` is what happens to bytes: `pass`; `blackhole` (taken and never delivered, connections
    stay open); `refuse` (new connections are closed at once). `delay_s` slows each piece.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.mode = PASS
        self.delay_s = 0.0
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])

    def start(self) -> None:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        ready.wait(5)

    def close(self) -> None:
        if self._loop.is_running():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)

    def cut(self) -> int:
        """Close every connection that is open now; returns how many pairs."""
        count = len(self._open)
        self._loop.call_soon_threadsafe(self._cut)
        return count // 2

    def _cut(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self.port))
        self._loop.call_soon(ready.set)
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode == REFUSE:
            writer.transport.abort()
            return
        try:
            there = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, there[1]}
        ways = (self._pass(reader, there[1]), self._pass(there[0], writer))
        tasks = [asyncio.ensure_future(way) for way in ways]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for each in (writer, there[1]):
            self._open.discard(each)
            each.transport.abort()
        for task in tasks:
            task.cancel()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65536):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if self.mode == BLACKHOLE:
                    continue
                sink.write(data)
                await sink.drain()
