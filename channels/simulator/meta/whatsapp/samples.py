"""Small real files that customers send: each opens in any viewer."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "samples"
SAMPLES = {
    "image": ("photo.jpg", "image/jpeg"),
    "sticker": ("sticker.webp", "image/webp"),
    "audio": ("voice.ogg", "audio/ogg; codecs=opus"),
    "video": ("clip.mp4", "video/mp4"),
    "document": ("offer.pdf", "application/pdf"),
}
EXTRA = {"image/png": "photo.png"}


@cache
def sample(kind: str, mime_type: str = "") -> tuple[str, str, bytes]:
    """`(filename, mime_type, bytes)` of the sample for a media type, PNG if so asked."""
    filename, usual = SAMPLES[kind]
    if kind == "image" and mime_type in EXTRA:
        filename, usual = EXTRA[mime_type], mime_type
    return filename, mime_type or usual, (FOLDER / filename).read_bytes()
