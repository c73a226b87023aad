"""Bounded, numbered lists of what happened, for tests to read."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice

from channels.simulator.meta.records import Json


class Ledger:
    """Entries numbered from 1 without gaps; the oldest are forgotten beyond `limit`."""

    def __init__(self, limit: int) -> None:
        self._entries: deque[Json] = deque(maxlen=limit)
        self.last = 0

    def add(self, entry: Json) -> Json:
        """Number `entry` (key `n`) and keep it. Returns it; it may still be completed in place."""
        self.last += 1
        entry["n"] = self.last
        self._entries.append(entry)
        return entry

    def since(self, n: int, limit: int, keep: Callable[[Json], bool]) -> list[Json]:
        """Entries numbered above `n` that `keep` accepts, oldest first, at most `limit`."""
        skipped = max(0, n - (self.last - len(self._entries)))
        later = islice(self._entries, skipped, None)
        return list(islice((entry for entry in later if keep(entry)), limit))

    def __len__(self) -> int:
        return len(self._entries)
