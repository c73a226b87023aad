"""Answers at once while the database is away: threads that wait for it are threads that nobody else gets."""

import threading
import time

PROBE_EVERY_S = 1.0


class Breaker:
    """Closed until a request times out on a database that does not answer; then one a second tries again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = False
        self._next_probe = 0.0

    def admits(self) -> bool:
        """Whether this request may use the database; while open, it is then the probe."""
        with self._lock:
            at = time.monotonic()
            if not self._open:
                return True
            if at < self._next_probe:
                return False
            self._next_probe = at + PROBE_EVERY_S
            return True

    def note(self, *, away: bool) -> None:
        """What became of a request that was admitted."""
        with self._lock:
            if away and not self._open:
                self._next_probe = time.monotonic() + PROBE_EVERY_S
            self._open = away
