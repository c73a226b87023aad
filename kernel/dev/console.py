"""What a developer sees: each line under the name of the process that printed it."""

import os
import threading
from collections.abc import Iterable
from typing import TextIO

_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
_OWN = "switchboard"


class Console:
    """Writes prefixed lines to one stream from many threads.

    Colour only on a terminal (and not with NO_COLOR set). When the reader of the stream is gone
    the lines are dropped: the processes must go on.
    """

    def __init__(self, stream: TextIO, names: Iterable[str]) -> None:
        self.is_terminal = stream.isatty()
        self._stream = stream
        self._coloured = self.is_terminal and "NO_COLOR" not in os.environ
        every = [*names, _OWN]
        self._width = max(len(name) for name in every)
        self._colour = {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(every)}
        self._lock = threading.Lock()

    def line(self, name: str, text: str) -> None:
        """One line of the process `name`."""
        label = f"{name:<{self._width}}"
        if self._coloured:
            label = f"\033[{self._colour.get(name, 37)}m{label}\033[0m"
        self.plain(f"{label} | {text}")

    def say(self, text: str) -> None:
        """A line of the supervisor itself."""
        self.line(_OWN, text)

    def plain(self, text: str) -> None:
        """A line without a name."""
        with self._lock:
            try:
                self._stream.write(text + "\n")
                self._stream.flush()
            except (OSError, ValueError):
                self._coloured = False  # nobody reads any more; the log files keep everything
