"""Reading an archive. It comes from a stranger: nothing in it is believed before it was checked.

Nothing is unpacked by name. The manifest leads to the list, the list to each member by its place,
and each is looked at within bounds: its header, its length, its hash, how large it becomes.
"""

import hashlib
import json
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from kernel.archive.errors import ArchiveRefused
from kernel.archive.writer import BLOCK, FORMAT, LIST, MANIFEST, PIECE, VERSION

MOST_MANIFEST = 4 << 20
MOST_LINE = 1_000
MOST_PART, MOST_UNPACKED = 64 << 20, 256 << 20
MOST_FILE = 1 << 27
ROWS = re.compile(r"collections/([a-z_]{1,60})/\d{6}\.jsonl\.gz")
FILE = re.compile(r"files/(media/[0-9a-f]{2}/[0-9a-f]{64}|thumbnails/[0-9a-f]{2}/[0-9a-f]{64})")


@dataclass(frozen=True)
class Member:
    """A part of a collection (``rows`` of them), or a file."""

    path: str
    offset: int
    bytes: int
    sha256: str
    rows: int | None = None

    @property
    def collection(self) -> str:
        found = ROWS.fullmatch(self.path)
        return found[1] if found else ""


class Reader:
    """An archive on disk. Raises ``ArchiveRefused`` with the reason at whatever does not hold."""

    def __init__(self, path: Path) -> None:
        self.file: BinaryIO = path.open("rb")
        self.size = path.stat().st_size
        self.manifest = self._manifest()
        self._listed = self._list_member()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def members(self, start: int = 0) -> Iterator[tuple[Member, int]]:
        """Those of the list from a place in it, each with the place after it."""
        at, end = self._listed.offset + start, self._listed.offset + self._listed.bytes
        while at < end:
            self.file.seek(at)
            line = self.file.readline(min(MOST_LINE, end - at))
            if not line.endswith(b"\n"):
                raise ArchiveRefused("a line of the list is too long")
            at += len(line)
            yield _member(line), at - self._listed.offset

    def check(self, member: Member) -> None:
        """That it is where the list says, as long, a plain file, and has its hash."""
        self._at(member)
        digest, left = hashlib.sha256(), member.bytes
        while left and (piece := self.file.read(min(PIECE, left))):
            digest.update(piece)
            left -= len(piece)
        if left or digest.hexdigest() != member.sha256:
            raise ArchiveRefused(f"{member.path} is not what the list says")

    def rows(self, member: Member) -> list[bytes]:
        """The lines of a part, unpacked within bounds."""
        data = self.read(member, MOST_PART)
        unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            text = unpacker.decompress(data, MOST_UNPACKED)
        except zlib.error as error:
            raise ArchiveRefused(f"{member.path} cannot be unpacked") from error
        if unpacker.unconsumed_tail or not unpacker.eof or unpacker.unused_data:
            raise ArchiveRefused(f"{member.path} unpacks to too much or too little")
        lines = text.splitlines(keepends=False)
        if len(lines) != member.rows:
            raise ArchiveRefused(f"{member.path} has {len(lines)} rows, not {member.rows}")
        return lines

    def read(self, member: Member, most: int) -> bytes:
        """The bytes of a member, checked."""
        if member.bytes > most:
            raise ArchiveRefused(f"{member.path} is too large")
        self._at(member)
        data = self.file.read(member.bytes)
        if hashlib.sha256(data).hexdigest() != member.sha256:
            raise ArchiveRefused(f"{member.path} is not what the list says")
        return data

    def _at(self, member: Member) -> None:
        """Stand at the member's first byte, having looked at its header."""
        if not BLOCK <= member.offset <= self.size or member.offset + member.bytes > self.size:
            raise ArchiveRefused(f"{member.path} lies outside the archive")
        self.file.seek(member.offset - BLOCK)
        info = _header(self.file.read(BLOCK))
        if (
            info is None
            or not info.isreg()
            or (info.name, info.size) != (member.path, member.bytes)
        ):
            raise ArchiveRefused(f"{member.path} is not where the list says")

    def _manifest(self) -> dict[str, Any]:
        """The last member: found from the end, so that nothing before it need be read."""
        self.file.seek(max(0, self.size - self.size % BLOCK - MOST_MANIFEST))
        begin = self.file.tell()
        tail = self.file.read(MOST_MANIFEST + BLOCK)
        for at in range(len(tail) // BLOCK * BLOCK - BLOCK, -1, -BLOCK):
            info = (
                _header(tail[at : at + BLOCK]) if tail[at:].startswith(MANIFEST.encode()) else None
            )
            if info is not None and info.isreg() and info.name == MANIFEST:
                self.manifest_at = begin + at
                return _manifest(tail[at + BLOCK : at + BLOCK + info.size])
        raise ArchiveRefused("there is no manifest at its end: not an archive, or not all of it")

    def _list_member(self) -> Member:
        told = self.manifest.get("files")
        if not isinstance(told, dict):
            raise ArchiveRefused("the manifest does not say what there is")
        line = {**{k: told.get(k) for k in ("offset", "bytes", "sha256")}, "path": LIST}
        listed = _checked(line)
        self.check(listed)
        return listed


def _header(block: bytes) -> tarfile.TarInfo | None:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.HeaderError, UnicodeError):
        return None


def _manifest(data: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ArchiveRefused("the manifest cannot be read") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ArchiveRefused("the manifest is not one of ours")
    if manifest.get("version") != VERSION:
        raise ArchiveRefused(
            f"its format has version {manifest.get('version')!r}, known is {VERSION}"
        )
    return manifest


def _member(line: bytes) -> Member:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ArchiveRefused("a line of the list cannot be read") from error
    if not isinstance(found, dict):
        raise ArchiveRefused("a line of the list is not an object")
    member = _checked(found)
    if member.collection:
        if not isinstance(member.rows, int) or not 0 <= member.rows <= 100_000:
            raise ArchiveRefused(f"{member.path} does not say how many rows it has")
    elif not FILE.fullmatch(member.path) or member.bytes > MOST_FILE:
        raise ArchiveRefused(f"{member.path[:80]!r} is not a place of an archive")
    return member


def _checked(found: dict[str, Any]) -> Member:
    path, sha256, rows = found.get("path"), found.get("sha256"), found.get("rows")
    offset, size = found.get("offset"), found.get("bytes")
    numbers = all(type(n) is int and n >= 0 for n in (offset, size))
    if not numbers or not isinstance(path, str) or not isinstance(sha256, str):
        raise ArchiveRefused("a line of the list lacks its path, place, length or hash")
    if rows is not None and type(rows) is not int:
        raise ArchiveRefused("a line of the list has no whole number of rows")
    return Member(path, int(offset or 0), int(size or 0), sha256, rows)
