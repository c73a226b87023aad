"""``manifest.json``: what a backup has, so that what is missing or changed is known before it is used."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FORMAT = 1
NAME = "manifest.json"
CHUNK = 2**20


class BadBackup(RuntimeError):
    """The folder is no whole backup. The text says what is wrong with it."""


@dataclass
class Collection:
    """``documents`` of a collection in ``database/<name>.bson.gz``, and what it is made with."""

    documents: int
    options: dict[str, Any]
    indexes: list[dict[str, Any]]


@dataclass
class Manifest:
    """``cluster_time`` is the moment of the database, as ``seconds.increment``; ``files`` maps each
    path in the folder to its SHA-256. ``ring_keys`` names the keys that open what is sealed:
    the keys themselves are kept elsewhere.
    """

    started_at: str
    format: int = FORMAT
    finished_at: str = ""
    cluster_time: str = ""
    ring_keys: list[str] = field(default_factory=list)
    collections: dict[str, Collection] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        text = json.dumps(asdict(self), indent=1, sort_keys=True)
        (folder / NAME).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Raises ``BadBackup``."""
        try:
            text = json.loads((folder / NAME).read_text(encoding="utf-8"))
            if text["format"] != FORMAT:
                raise BadBackup(f"its format is {text['format']}; this version reads {FORMAT}")
            rows = text.pop("collections")
            return cls(**text, collections={n: Collection(**row) for n, row in rows.items()})
        except FileNotFoundError as error:
            raise BadBackup(f"{folder} has no {NAME}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise BadBackup(f"{NAME} cannot be read") from error


def check_files(folder: Path, manifest: Manifest) -> None:
    """Raise ``BadBackup`` unless every file is there as it was written."""
    for path, wanted in manifest.files.items():
        file = folder / path
        if not file.is_file():
            raise BadBackup(f"{path} is missing")
        if hash_of(file) != wanted:
            raise BadBackup(f"{path} was changed after it was written")


def hash_of(path: Path) -> str:
    """SHA-256, hex."""
    digest = hashlib.sha256()
    for chunk in chunks_of(path):
        digest.update(chunk)
    return digest.hexdigest()


def chunks_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
