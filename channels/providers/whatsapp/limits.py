"""What the Cloud API takes, in one table: refusals before a call and `capabilities` read it.

Source: Meta's pages on each message type and on media. Lengths are in characters, sizes in bytes.
"""

from dataclasses import dataclass
from typing import Any

KB, MB = 1024, 1024 * 1024

TEXT = 4096
CAPTION = 1024
FILENAME = 240
CALLBACK_DATA = 512
TEMPLATE_NAME = 512
TEMPLATE_HEADER = 60
TEMPLATE_BODY_PARAMETER = 1024
TEMPLATE_BODY_PARAMETER_ALONE = 32768
TEMPLATE_BUTTONS = 10
WINDOW_HOURS = 24
MESSAGES_PER_SECOND = 80


@dataclass(frozen=True, kw_only=True)
class FileLimit:
    """What one kind of file may be; ``max_bytes`` counts the file itself."""

    mime_types: tuple[str, ...]
    max_bytes: int
    caption: int = 0


_DOCUMENTS = (
    "text/plain",
    "application/pdf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
)

FILES: dict[str, FileLimit] = {
    "image": FileLimit(mime_types=("image/jpeg", "image/png"), max_bytes=5 * MB, caption=CAPTION),
    "video": FileLimit(mime_types=("video/mp4", "video/3gpp"), max_bytes=16 * MB, caption=CAPTION),
    "audio": FileLimit(
        mime_types=("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"),
        max_bytes=16 * MB,
    ),
    "document": FileLimit(mime_types=_DOCUMENTS, max_bytes=100 * MB, caption=CAPTION),
    "sticker": FileLimit(mime_types=("image/webp",), max_bytes=500 * KB),
}

SENDABLE = ("text", *FILES, "template", "reaction")


def capabilities() -> dict[str, Any]:
    """Return what a channel of this kind can send now, for the API and the composer."""
    return {
        "types": list(SENDABLE),
        "text": {"max_length": TEXT, "preview_url": True},
        "media": {
            kind: {
                "mime_types": list(limit.mime_types),
                "max_bytes": limit.max_bytes,
                "caption_max_length": limit.caption,
            }
            for kind, limit in FILES.items()
        },
        "template": {
            "parameter_max_length": TEMPLATE_BODY_PARAMETER,
            "header_max_length": TEMPLATE_HEADER,
            "max_buttons": TEMPLATE_BUTTONS,
        },
        "reaction": {"remove": True},
        "reply": True,
        "read_receipts": True,
        "typing": True,
        "window": {"hours": WINDOW_HOURS, "outside": ["template"]},
        "messages_per_second": MESSAGES_PER_SECOND,
    }
