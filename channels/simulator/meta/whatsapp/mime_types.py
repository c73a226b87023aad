"""Which files WhatsApp takes, by kind of message: MIME types and sizes."""

from __future__ import annotations

MB = 1024 * 1024
_OFFICE = "application/vnd.openxmlformats-officedocument."
MIME_TYPES: dict[str, tuple[str, ...]] = {
    "image": ("image/jpeg", "image/png"),
    "video": ("video/mp4", "video/3gpp"),
    "audio": ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"),
    "sticker": ("image/webp",),
    "document": (
        "text/plain",
        "application/pdf",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        _OFFICE + "wordprocessingml.document",
        _OFFICE + "spreadsheetml.sheet",
        _OFFICE + "presentationml.presentation",
    ),
}
SIZE_LIMITS = {
    "image": 5 * MB,
    "video": 16 * MB,
    "audio": 16 * MB,
    "sticker": 500 * 1024,
    "document": 100 * MB,
}
UPLOADABLE = tuple(sorted({name for names in MIME_TYPES.values() for name in names}))


def bare(mime_type: str) -> str:
    """The MIME type without its parameters."""
    return mime_type.partition(";")[0].strip().lower()


def kind_of(mime_type: str) -> str:
    """The kind of message for which a file of this type is meant; `document` when none fits."""
    name = bare(mime_type)
    return next((kind for kind, names in MIME_TYPES.items() if name in names), "document")
