"""Idle connections, kept for the next request to the same place."""

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable

from kernel.egress.wire import Wire

# Scheme, host name (the certificate was checked for it), address, port.
Key = tuple[str, str, str, int]

# A connection that idles longer is closed by us, before the server's own idle limit can close
# it under a request: such a request would be neither sent nor not sent.
MAX_IDLE_S = 10.0
MAX_IDLE_PER_KEY = 32
MAX_IDLE = 256


class ConnectionPool:
    """A bounded set of idle connections, safe between threads, emptied in a forked child."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start empty. In a forked child the connections stay open, for the parent owns them."""
        self._lock = threading.Lock()
        self._idle: OrderedDict[Key, list[tuple[float, Wire]]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def take(self, keys: Iterable[Key]) -> tuple[Key, Wire] | None:
        """The most recently used healthy connection under one of `keys`, or None."""
        for key in keys:
            while (wire := self._pop(key)) is not None:
                if wire.is_quiet():
                    return key, wire
                wire.close()
        return None

    def give(self, key: Key, wire: Wire) -> None:
        """Keep a connection that has just finished an exchange cleanly."""
        now = time.monotonic()
        with self._lock:
            stack = self._idle.setdefault(key, [])
            self._idle.move_to_end(key)
            stack.append((now, wire))
            self._count += 1
            dropped = self._drop_expired(now) + self._drop_surplus(stack)
        for old in dropped:
            old.close()

    def clear(self) -> None:
        """Close every idle connection."""
        with self._lock:
            wires = [wire for stack in self._idle.values() for _, wire in stack]
            self._idle.clear()
            self._count = 0
        for wire in wires:
            wire.close()

    def _pop(self, key: Key) -> Wire | None:
        expired: list[tuple[float, Wire]] = []
        with self._lock:
            stack = self._idle.get(key, expired)
            # The newest is the last: when it has idled too long, so have all below it.
            if stack and time.monotonic() - stack[-1][0] > MAX_IDLE_S:
                expired, stack = stack, []
                self._count -= len(expired)
            wire = stack.pop()[1] if stack else None
            if wire is not None:
                self._count -= 1
            if not stack:
                self._idle.pop(key, None)
        for _, old in expired:
            old.close()
        return wire

    def _drop_expired(self, now: float) -> list[Wire]:
        # Stacks grow at the end, so the oldest connection of the least used key is the first.
        dropped: list[Wire] = []
        for key in list(self._idle):
            stack = self._idle[key]
            fresh = [entry for entry in stack if now - entry[0] <= MAX_IDLE_S]
            dropped += [wire for since, wire in stack if now - since > MAX_IDLE_S]
            if fresh:
                stack[:] = fresh
                break
            del self._idle[key]
        self._count -= len(dropped)
        return dropped

    def _drop_surplus(self, stack: list[tuple[float, Wire]]) -> list[Wire]:
        dropped: list[Wire] = []
        if len(stack) > MAX_IDLE_PER_KEY:
            dropped.append(stack.pop(0)[1])
            self._count -= 1
        if self._count > MAX_IDLE:
            key, oldest = next(iter(self._idle.items()))
            dropped.append(oldest.pop(0)[1])
            self._count -= 1
            if not oldest:
                del self._idle[key]
        return dropped


POOL = ConnectionPool()
os.register_at_fork(after_in_child=POOL.reset)
