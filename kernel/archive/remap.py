"""Ids of an archive as those of the tenant that it becomes: by a rule, so that no table of them is needed.

An id keeps its time and its counter, hence its order; what named the process is changed by the
new tenant's id. The same archive for the same tenant gives the same ids, for another others.
"""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from kernel.archive.errors import ArchiveRefused

_ID = re.compile(r"[0-9a-f]{24}")
_TOKEN = re.compile(r"(?<![0-9a-f])[0-9a-f]{24}(?![0-9a-f])")


@dataclass(frozen=True)
class Remap:
    """From the ids of tenant ``origin`` to those of tenant ``target``, both 24-hex."""

    origin: str
    target: str

    def id(self, old: ObjectId) -> ObjectId:
        return ObjectId(self.text_id(str(old)))

    def text_id(self, old: str) -> str:
        if old == self.origin:
            return self.target
        shift = int.from_bytes(
            hashlib.sha256(f"archive|{self.target}".encode()).digest()[:3], "big"
        )
        process = (int(old[18:], 16) + (shift or 1)) % (1 << 24)
        return f"{old[:18]}{process:06x}"

    def text(self, value: str) -> str:
        """A text of ours that is an id, or has ids in it, such as the name of a lane."""
        return _TOKEN.sub(lambda found: self.text_id(found[0]), value)

    def document(self, value: Any, *, names: Collection[str] | None = None, name: str = "") -> Any:
        """A document in which ids stand as text; with ``names`` only those under these names."""
        if isinstance(value, dict):
            return {
                key: self.document(inner, names=names, name=key) for key, inner in value.items()
            }
        if isinstance(value, list):
            return [self.document(inner, names=names, name=name) for inner in value]
        if isinstance(value, ObjectId):
            raise ArchiveRefused("a document holds an id that is no text")
        is_id = isinstance(value, str) and _ID.fullmatch(value)
        return self.text_id(value) if is_id and (names is None or name in names) else value
