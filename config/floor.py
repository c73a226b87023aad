"""How long everybody waits, so that the time of an answer tells nothing of what it took."""

import threading
import time

# What was slow a minute ago counts half; longer than this nobody keeps a thread for it.
HALF_S, MOST_S = 60.0, 3.0


class Floor:
    """All answers of one kind leave as late as the slowest of late, and never before ``least_s``.

    A fixed time is enough while all of them take less. On a busy machine making an account takes
    longer than that, and saying that there is one does not.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slowest_s, self._at = 0.0, time.monotonic()

    def left_s(self, took_s: float, least_s: float) -> float:
        """How long an answer that took ``took_s`` is kept back."""
        with self._lock:
            now = time.monotonic()
            faded = self._slowest_s * 0.5 ** ((now - self._at) / HALF_S)
            self._slowest_s, self._at = max(faded, min(took_s, MOST_S)), now
            return max(0.0, max(least_s, self._slowest_s) - took_s)
