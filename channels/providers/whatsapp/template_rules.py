"""What Meta demands of a new or edited template, checked before it is submitted.

Source: Meta's pages on template components and on template management.
"""

import re
from typing import Any

from channels.providers.contract import InvalidMessage
from channels.providers.whatsapp.access import as_text
from channels.providers.whatsapp.template_cards import (
    OFFER_BODY,
    check_carousel,
    check_offer,
)
from channels.providers.whatsapp.template_parts import (
    BODY,
    check_body,
    check_buttons,
    check_footer,
    check_header,
    parts_by_kind,
)

CATEGORIES = ("AUTHENTICATION", "MARKETING", "UTILITY")
FORMATS = ("POSITIONAL", "NAMED")
PARTS = ("HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER")
NAME = 512

_NAME = re.compile(r"[a-z0-9_]+\Z")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Za-z]{2,8})?\Z")


def check_template(
    *, name: str, category: str, language: str, components: Any, parameter_format: str
) -> None:
    """Raise `InvalidMessage`, which names the field, for what Meta would not even review."""
    if len(name) > NAME:
        raise InvalidMessage("name", f"At most {NAME} characters.", limit=NAME)
    if not _NAME.match(name):
        raise InvalidMessage("name", "Only small letters, digits and underscores.")
    if not _LANGUAGE.match(language):
        raise InvalidMessage("language", "A language's code, such as en or en_US.")
    check_category(category)
    if parameter_format not in FORMATS:
        raise InvalidMessage("parameter_format", f"One of {', '.join(FORMATS)}.")
    check_components(components, category, parameter_format)


def check_category(category: str) -> None:
    """Raise `InvalidMessage` for a category that Meta does not have."""
    if category not in CATEGORIES:
        raise InvalidMessage("category", f"One of {', '.join(CATEGORIES)}.")


def check_components(components: Any, category: str, parameter_format: str) -> None:
    """Raise `InvalidMessage` for parts that do not make a template."""
    parts = parts_by_kind("components", components, PARTS, "template")
    if "BODY" not in parts:
        raise InvalidMessage("components", "A template needs a BODY.")
    is_named = parameter_format == "NAMED"
    # The text of a login code is Meta's own.
    if category != "AUTHENTICATION" or as_text(parts["BODY"][1], "text"):
        most = OFFER_BODY if "LIMITED_TIME_OFFER" in parts else BODY
        check_body(*parts["BODY"], is_named=is_named, most=most)
    for kind, check in (("HEADER", check_header), ("FOOTER", check_footer)):
        if kind in parts:
            check(*parts[kind])
    if "BUTTONS" in parts:
        check_buttons(*parts["BUTTONS"])
    if "CAROUSEL" in parts:
        check_carousel(*parts["CAROUSEL"], category=category, is_named=is_named)
    if "LIMITED_TIME_OFFER" in parts:
        check_offer(parts, category=category)
