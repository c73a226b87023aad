"""Name lookups with a time limit, which the operating system's resolver does not have."""

import os
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress

from kernel.egress.errors import NotSent

_CACHE_S = 30.0
_CACHE_SIZE = 1024
_MAX_LOOKUPS = 64


class CachingResolver:
    """Looks a host up once at a time, in a thread of its own, and remembers it for 30 s.

    A name server that never answers holds one of 64 lookups, not the caller. The cache is not
    a gap for rebinding: what comes out of it is checked, and then connected to, each time.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything. Also run in a forked child, where no lookup thread survives."""
        self._lock = threading.Lock()
        self._cache: OrderedDict[str, tuple[float, tuple[str, ...]]] = OrderedDict()
        self._running: dict[str, Future[tuple[str, ...]]] = {}

    def lookup(self, host: str, timeout_s: float) -> Sequence[str]:
        """The host's addresses as text; raises `NotSent("dns")`."""
        with self._lock:
            cached = self._cache.get(host)
            if cached is not None and cached[0] > time.monotonic():
                return cached[1]
            running = self._running.get(host) or self._start(host)
        found: Sequence[str] = ()
        with suppress(TimeoutError):
            found = running.result(timeout_s)
        if not found:
            raise NotSent("dns")
        return found

    def _start(self, host: str) -> Future[tuple[str, ...]]:
        if len(self._running) >= _MAX_LOOKUPS:
            raise NotSent("dns")
        future: Future[tuple[str, ...]] = Future()
        self._running[host] = future
        threading.Thread(target=self._run, args=(host, future), daemon=True).start()
        return future

    def _run(self, host: str, future: Future[tuple[str, ...]]) -> None:
        found: tuple[str, ...] = ()
        try:
            with suppress(OSError, UnicodeError):
                found = system_lookup(host)
        finally:
            self._finish(host, found)
            future.set_result(found)

    def _finish(self, host: str, found: tuple[str, ...]) -> None:
        with self._lock:
            self._running.pop(host, None)
            if found:
                self._cache[host] = (time.monotonic() + _CACHE_S, found)
                self._cache.move_to_end(host)
                if len(self._cache) > _CACHE_SIZE:
                    self._cache.popitem(last=False)


def system_lookup(host: str) -> tuple[str, ...]:
    """Every address the operating system knows for `host`, in its order of preference."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


RESOLVER = CachingResolver()
os.register_at_fork(after_in_child=RESOLVER.reset)
