"""What Instagram takes, in one table: refusals before a call and `capabilities` read it.

Source: Meta's pages on sending messages, templates, quick replies and uploads for Instagram.
The text's limit is in bytes of UTF-8, other lengths are in characters, sizes in bytes.
"""

from dataclasses import dataclass
from typing import Any

MB = 1024 * 1024

TEXT_BYTES = 1000
IMAGES = 10
QUICK_REPLIES = 13
QUICK_REPLY_TITLE = 20
PAYLOAD = 1000
BUTTON_TEXT = 640
BUTTON_TITLE = 20
BUTTONS = 3
ELEMENTS = 10
ELEMENT_TITLE = 80
ELEMENT_SUBTITLE = 80
PRODUCTS = 10
ICE_BREAKERS = 4
MENU_ITEMS = 5
MENU_TITLE = 30

WINDOW_HOURS = 24
HUMAN_AGENT_HOURS = 7 * 24
PRIVATE_REPLY_HOURS = 7 * 24
HUMAN_AGENT = "HUMAN_AGENT"

MESSAGES_PER_SECOND = 300
AUDIO_VIDEO_PER_SECOND = 10
CONVERSATION_READS_PER_SECOND = 2
PRIVATE_REPLIES_PER_HOUR = 750

HEART = "like_heart"


@dataclass(frozen=True, kw_only=True)
class FileLimit:
    """What one kind of file may be. ``sent_as`` is Meta's name for the kind."""

    mime_types: tuple[str, ...]
    max_bytes: int
    sent_as: str


FILES: dict[str, FileLimit] = {
    "image": FileLimit(
        mime_types=("image/jpeg", "image/png", "image/gif"), max_bytes=8 * MB, sent_as="image"
    ),
    "video": FileLimit(
        mime_types=("video/mp4", "video/quicktime", "video/webm", "video/ogg", "video/x-msvideo"),
        max_bytes=25 * MB,
        sent_as="video",
    ),
    "audio": FileLimit(
        mime_types=(
            "audio/aac",
            "audio/mp4",
            "audio/m4a",
            "audio/x-m4a",
            "audio/wav",
            "audio/x-wav",
        ),
        max_bytes=25 * MB,
        sent_as="audio",
    ),
    "document": FileLimit(mime_types=("application/pdf",), max_bytes=25 * MB, sent_as="file"),
}

INTERACTIVE = ("quick_replies", "buttons", "cta_url", "generic", "product")
SENDABLE = ("text", *FILES, "sticker", "share", "reaction", "interactive", "comment")


def capabilities() -> dict[str, Any]:
    """Return what a channel of this kind can send now, for the API and the composer."""
    return {
        "types": list(SENDABLE),
        "text": {"max_bytes": TEXT_BYTES, "preview_url": False},
        "media": {
            kind: {
                "mime_types": list(limit.mime_types),
                "max_bytes": limit.max_bytes,
                "caption_max_length": 0,
            }
            for kind, limit in FILES.items()
        },
        "images_per_message": IMAGES,
        "sticker": {"names": [HEART]},
        "interactive": {
            "quick_replies": {
                "max": QUICK_REPLIES,
                "title_max_length": QUICK_REPLY_TITLE,
                "payload_max_length": PAYLOAD,
            },
            "buttons": {
                "text_max_length": BUTTON_TEXT,
                "max_buttons": BUTTONS,
                "title_max_length": BUTTON_TITLE,
                "payload_max_length": PAYLOAD,
            },
            "cta_url": {"text_max_length": BUTTON_TEXT, "title_max_length": BUTTON_TITLE},
            "generic": {
                "max_elements": ELEMENTS,
                "title_max_length": ELEMENT_TITLE,
                "subtitle_max_length": ELEMENT_SUBTITLE,
                "max_buttons": BUTTONS,
            },
            "product": {"max": PRODUCTS},
        },
        "reaction": {"remove": True},
        "reply": True,
        "read_receipts": True,
        "typing": True,
        "window": {
            "hours": WINDOW_HOURS,
            "outside": [],
            "human_agent_hours": HUMAN_AGENT_HOURS,
        },
        "private_reply": {"hours": PRIVATE_REPLY_HOURS, "per_comment": 1},
        "comments": {"public_reply": True, "hide": True, "delete": True},
        "ice_breakers": {"max": ICE_BREAKERS},
        "persistent_menu": {"max": MENU_ITEMS, "title_max_length": MENU_TITLE},
        "messages_per_second": MESSAGES_PER_SECOND,
        "audio_video_per_second": AUDIO_VIDEO_PER_SECOND,
    }
