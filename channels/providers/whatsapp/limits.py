"""What the Cloud API takes, in one table: refusals before a call and `capabilities` read it.

Source: Meta's pages on each message type, on templates and on media. Lengths are in characters,
sizes in bytes. `FIELDS` has the fields of each kind of message in the API's form.
"""

from dataclasses import dataclass
from typing import Any

from channels.providers.whatsapp.fields import Field, held, items, needed, text

Fields = tuple[Field, ...]
KB, MB = 1024, 1024 * 1024

CALLBACK_DATA = 512
WINDOW_HOURS = 24
MESSAGES_PER_SECOND = 80
CARD_LINE_BREAKS = 2
VOICE_MIME_TYPE = "audio/ogg"


@dataclass(frozen=True, kw_only=True)
class FileLimit:
    """What one kind of file may be; ``max_bytes`` counts the file itself.

    ``max_bytes_still`` is the limit of an image that does not move, ``side`` how many pixels it
    has each way.
    """

    mime_types: tuple[str, ...]
    max_bytes: int
    max_bytes_still: int | None = None
    side: int | None = None

    @property
    def described(self) -> dict[str, int]:
        """The limits for capabilities, those that there are."""
        names = ("max_bytes", "max_bytes_still", "side")
        return {name: limit for name in names if (limit := getattr(self, name)) is not None}


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
    "image": FileLimit(mime_types=("image/jpeg", "image/png"), max_bytes=5 * MB),
    "video": FileLimit(mime_types=("video/mp4", "video/3gpp"), max_bytes=16 * MB),
    "audio": FileLimit(
        mime_types=("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", VOICE_MIME_TYPE),
        max_bytes=16 * MB,
    ),
    "document": FileLimit(mime_types=_DOCUMENTS, max_bytes=100 * MB),
    "sticker": FileLimit(
        mime_types=("image/webp",), max_bytes=500 * KB, max_bytes_still=100 * KB, side=512
    ),
}

HEADER_FILES = ("image", "video", "document")
CARD_FILES = ("image", "video")


# --------------------------------------------------------------------- parts of interactive


def _file(path: str) -> Fields:
    return (
        *held("object", path),
        *held("id", f"{path}.media_id"),
        *held("link", f"{path}.link"),
        *((text(f"{path}.filename", 240),) if path.endswith("document") else ()),
    )


def _header(*kinds: str, required: bool = False) -> Fields:
    files = [field for kind in kinds if kind != "text" for field in _file(f"header.{kind}")]
    words = (text("header.text", 60),) if "text" in kinds else ()
    head = Field(path="header", holds="object", required=required)
    return (head, text("header.type"), *words, *files)


def _frame(*headers: str, body: int = 1024, required: tuple[str, ...] = ("body",)) -> Fields:
    """Type, header, body and footer, which most kinds have around what makes them that kind."""
    return (
        needed("type"),
        *(_header(*headers, required="header" in required) if headers else ()),
        Field(path="body", most=body, required="body" in required),
        text("footer", 60),
    )


def _request() -> Fields:
    return (needed("type"), needed("body", 1024))


_ANY_HEADER = ("text", *HEADER_FILES)
_PRODUCT = held("id", "catalog_id", "product_retailer_id", required=True)

_INTERACTIVE: dict[str, Fields] = {
    "buttons": (
        *_frame(*_ANY_HEADER),
        items("buttons", 3),
        needed("buttons.*.id", 256, holds="id", unique=True),
        needed("buttons.*.title", 20, unique=True),
    ),
    "list": (
        *_frame("text", body=4096),
        needed("button", 20),
        items("sections", 10),
        text("sections.*.title", 24),
        items("sections.*.rows", 10, together=True),
        needed("sections.*.rows.*.id", 200, holds="id", unique=True),
        needed("sections.*.rows.*.title", 24),
        text("sections.*.rows.*.description", 72),
    ),
    "cta_url": (
        *_frame(*_ANY_HEADER),
        needed("button", 20),
        needed("url", 2000, holds="link"),
    ),
    "flow": (
        *_frame(*_ANY_HEADER),
        needed("button", 20),
        *held("object", "flow", required=True),
        *held("id", "flow.id", "flow.name", "flow.screen"),
        *(text(f"flow.{name}") for name in ("token", "mode", "action", "version")),
        *held("any", "flow.data"),
    ),
    "product": (*_frame(required=()), *_PRODUCT),
    "product_list": (
        *_frame("text", required=("header", "body")),
        *held("id", "catalog_id", required=True),
        items("sections", 10),
        text("sections.*.title", 24),
        items("sections.*.product_items", 30, together=True),
        *held("id", "sections.*.product_items.*.product_retailer_id", required=True),
    ),
    "catalog": (*_frame(), *held("id", "thumbnail_product_retailer_id")),
    "location_request": _request(),
    "contact_request": _request(),
    "voice_call": (
        *_request(),
        text("button", 20),
        Field(path="ttl_minutes", holds="number", least=1, most=43_200),
        text("payload", 512),
    ),
    "call_permission_request": (needed("type"), text("body", 1024)),
    "address": (
        *_frame(*_ANY_HEADER),
        *held("object", "address", required=True),
        needed("address.country", 2),
        *held("any", "address.values", "address.saved_addresses", "address.validation_errors"),
    ),
    "carousel": (
        *_request(),
        items("cards", 10, least=2),
        *held("object", "cards.*.header"),
        text("cards.*.header.type"),
        *(
            field
            for kind in CARD_FILES
            for field in (
                *held("object", f"cards.*.header.{kind}"),
                *held("id", f"cards.*.header.{kind}.media_id"),
                *held("link", f"cards.*.header.{kind}.link"),
            )
        ),
        text("cards.*.body", 160),
        text("cards.*.button", 20),
        text("cards.*.url", 2000, holds="link"),
        items("cards.*.buttons", 3, least=0),
        needed("cards.*.buttons.*.id", 256, holds="id"),
        needed("cards.*.buttons.*.title", 20),
        *held("id", "cards.*.catalog_id", "cards.*.product_retailer_id"),
    ),
}  # fmt: skip


# ------------------------------------------------------------------------ contacts, templates


def _several(path: str, *names: str) -> Fields:
    return (items(path, least=0), *held("text", *(f"{path}.*.{name}" for name in names)))


_CONTACTS: Fields = (
    items("contacts", 257),
    *held("object", "contacts.*.name", required=True),
    needed("contacts.*.name.formatted_name"),
    *held("text", *(f"contacts.*.name.{part}" for part in (
        "first_name", "last_name", "middle_name", "suffix", "prefix"))),
    text("contacts.*.birthday"),
    *_several("contacts.*.phones", "phone", "type", "wa_id"),
    *_several("contacts.*.emails", "email", "type"),
    *_several("contacts.*.addresses",
              "street", "city", "state", "zip", "country", "country_code", "type"),
    *_several("contacts.*.urls", "url", "type"),
    *held("object", "contacts.*.org"),
    *held("text", *(f"contacts.*.org.{part}" for part in ("company", "department", "title"))),
)  # fmt: skip

_LOCATION: Fields = (
    Field(path="latitude", holds="number", required=True, least=-90, most=90),
    Field(path="longitude", holds="number", required=True, least=-180, most=180),
    text("name", 1000),
    text("address", 1000),
)

_TEMPLATE: Fields = (
    needed("name", 512),
    needed("language"),
    text("header.text", 60),
    text("body.*", 1024),
    items("buttons", 10, least=0),
    text("buttons.*.text", 2000),
    text("buttons.*.payload", 1024),
    text("buttons.*.coupon_code", 15),
    items("buttons.*.sections", 10, least=0),
    needed("buttons.*.sections.*.title", 24),
    items("buttons.*.sections.*.product_items", 30, least=0, together=True),
    Field(path="cards", holds="list", least=2, most=10),
    items("cards.*.buttons", 2, least=0),
)

FIELDS: dict[str, Fields] = {
    "text": (needed("text", 4096),),
    **{kind: (text("caption", 1024), text("filename", 240)) for kind in HEADER_FILES},
    **{kind: (text("caption", 0), text("filename", 240)) for kind in ("audio", "sticker")},
    "location": _LOCATION,
    "contacts": _CONTACTS,
    **{f"interactive.{kind}": fields for kind, fields in _INTERACTIVE.items()},
    "template": _TEMPLATE,
    # A body that stands alone may fill the message.
    "template.alone": (text("body.*", 32768),),
}

INTERACTIVE = tuple(_INTERACTIVE)
SENDABLE = ("text", *FILES, "location", "contacts", "interactive", "template", "reaction")


def most(kind: str, path: str) -> int:
    """Return the upper limit of a field that has one. Raises `KeyError` for any other."""
    for field in FIELDS[kind]:
        if field.path == path and field.most is not None:
            return field.most
    raise KeyError(f"{kind} {path}")


def capabilities() -> dict[str, Any]:
    """Return what a channel of this kind can send now, for the API and the composer.

    ``fields`` has each kind's fields by their path: ``{"required", "min"?, "max"?}``, where min
    and max count a text's characters or a list's items, or bound a number.
    """
    return {
        "types": list(SENDABLE),
        "interactive": {"types": list(INTERACTIVE)},
        "fields": {kind: _described(fields) for kind, fields in FIELDS.items()},
        "text": {"max_length": most("text", "text"), "preview_url": True},
        "media": {
            kind: {
                "mime_types": list(limit.mime_types),
                **limit.described,
                "caption_max_length": most(kind, "caption"),
            }
            for kind, limit in FILES.items()
        },
        "template": {
            "parameter_max_length": most("template", "body.*"),
            "header_max_length": most("template", "header.text"),
            "max_buttons": most("template", "buttons"),
        },
        "reaction": {"remove": True},
        "reply": True,
        "read_receipts": True,
        "typing": True,
        "window": {"hours": WINDOW_HOURS, "outside": ["template"]},
        "messages_per_second": MESSAGES_PER_SECOND,
    }


def _described(fields: Fields) -> dict[str, dict[str, Any]]:
    bounds = {
        field.path: {"required": field.required, "min": field.least, "max": field.most}
        for field in fields
    }
    return {
        path: {name: value for name, value in one.items() if value is not None}
        for path, one in bounds.items()
    }
