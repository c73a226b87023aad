"""A request's body as it comes over the line: whole, or not at all."""

from typing import Any

from config.api.errors import BodyEnded
from kernel.mongo.deadline import away_from_database


class Arriving:
    """Reads what was announced and complains when less comes.

    The server hands on what it has got when a client breaks off, and then says that this is the
    end: half a file would be kept for a whole one. How slowly it comes is the client's affair and
    takes no time of the database's.
    """

    def __init__(self, stream: Any, length: int) -> None:
        self._stream, self._missing = stream, max(0, length)

    def read(self, size: int | None = -1) -> bytes:
        """Up to ``size`` bytes, all that are left without it; raises ``BodyEnded``."""
        wanted = self._missing if size is None or size < 0 else min(size, self._missing)
        with away_from_database():
            read = piece = self._stream.read(wanted)
            while piece and len(read) < wanted:
                piece = self._stream.read(wanted - len(read))
                read += piece
        return self._counted(read, wanted)

    def readline(self, size: int | None = -1) -> bytes:
        """Up to the end of a line; raises ``BodyEnded``."""
        with away_from_database():
            line: bytes = self._stream.readline(-1 if size is None else size)
        return self._counted(line, 1 if self._missing and size != 0 else 0)

    def close(self) -> None:
        self._stream.close()

    def _counted(self, read: bytes, least: int) -> bytes:
        if len(read) < least:
            raise BodyEnded
        self._missing -= len(read)
        return read
