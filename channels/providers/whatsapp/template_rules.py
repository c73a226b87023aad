"""What Meta demands of a new or edited template, checked before it is submitted.

Source: Meta's pages on template components and on template management. Lengths are in characters.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from channels.providers.contract import InvalidMessage
from channels.providers.whatsapp.access import as_list, as_object, as_objects, as_text

Json = dict[str, Any]

CATEGORIES = ("AUTHENTICATION", "MARKETING", "UTILITY")
FORMATS = ("POSITIONAL", "NAMED")
PARTS = ("HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER")
FILE_HEADERS = ("IMAGE", "VIDEO", "GIF", "DOCUMENT")
NAME, HEADER, BODY, FOOTER = 512, 60, 1024, 60
BUTTONS, LABEL, URL, CODE = 10, 25, 2000, 15
MOST_OF = {"URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1, "QUICK_REPLY": BUTTONS}
KINDS = (*MOST_OF, "FLOW", "CATALOG", "MPM", "SPM", "OTP", "VOICE_CALL", "REQUEST_CONTACT_INFO")
# These have a label of their own that nobody chooses.
UNLABELLED = ("OTP", "COPY_CODE", "REQUEST_CONTACT_INFO")

_NAME = re.compile(r"[a-z0-9_]+\Z")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Za-z]{2,8})?\Z")
_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_PARAMETER = re.compile(r"[a-z0-9_]+\Z")


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
    parts: dict[str, tuple[str, Json]] = {}
    given = components if isinstance(components, list) else []
    for index, part in enumerate(given):
        field = f"components.{index}"
        kind = as_text(part, "type").upper() if isinstance(part, dict) else ""
        if kind not in PARTS:
            raise InvalidMessage(f"{field}.type", f"One of {', '.join(PARTS)}.")
        if kind in parts:
            raise InvalidMessage(field, f"A template has one {kind} at most.", limit=1)
        parts[kind] = (field, part)
    if "BODY" not in parts:
        raise InvalidMessage("components", "A template needs a BODY.")
    is_named = parameter_format == "NAMED"
    # The text of a login code is Meta's own.
    if category != "AUTHENTICATION" or as_text(parts["BODY"][1], "text"):
        _check_body(*parts["BODY"], is_named=is_named)
    for kind, check in (("HEADER", _check_header), ("FOOTER", _check_footer)):
        if kind in parts:
            check(*parts[kind])
    if "BUTTONS" in parts:
        _check_buttons(*parts["BUTTONS"])


def _words(field: str, part: Mapping[str, Any], most: int) -> str:
    text = as_text(dict(part), "text")
    if not text.strip():
        raise InvalidMessage(f"{field}.text", "The text is missing.")
    if len(text) > most:
        raise InvalidMessage(f"{field}.text", f"At most {most} characters.", limit=most)
    return text


def _check_body(field: str, part: Json, *, is_named: bool) -> None:
    text = _words(field, part, BODY)
    names = list(dict.fromkeys(_VARIABLE.findall(text)))
    if not names:
        return
    if re.match(r"\s*\{\{", text) or re.search(r"\}\}\s*\Z", text):
        raise InvalidMessage(f"{field}.text", "A variable cannot be its first or last word.")
    example = as_object(part, "example")
    if is_named:
        _check_named(field, names, as_objects(example, "body_text_named_params"))
    else:
        _check_positions(field, names, as_list(example, "body_text"))


def _check_named(field: str, names: Sequence[str], examples: Sequence[Json]) -> None:
    for name in names:
        if not _PARAMETER.match(name):
            raise InvalidMessage(
                f"{field}.text", f"{name}: only small letters, digits and underscores."
            )
    shown = {as_text(one, "param_name") for one in examples if as_text(one, "example")}
    for name in names:
        if name not in shown:
            raise InvalidMessage(
                f"{field}.example.body_text_named_params", f"An example is missing: {name}."
            )


def _check_positions(field: str, names: Sequence[str], examples: Sequence[Any]) -> None:
    if sorted(names) != sorted(str(n) for n in range(1, len(names) + 1)):
        raise InvalidMessage(f"{field}.text", "Variables are numbered from {{1}} without gaps.")
    row = examples[0] if examples and isinstance(examples[0], list) else examples
    if len(row) != len(names) or not all(isinstance(one, str) and one for one in row):
        raise InvalidMessage(
            f"{field}.example.body_text", f"One example for each of {len(names)} variables."
        )


def _check_header(field: str, part: Json) -> None:
    kind = as_text(part, "format").upper()
    example = as_object(part, "example")
    if kind == "TEXT":
        names = _VARIABLE.findall(_words(field, part, HEADER))
        if len(names) > 1:
            raise InvalidMessage(f"{field}.text", "One variable at most.", limit=1)
        has_example = as_list(example, "header_text") or as_list(
            example, "header_text_named_params"
        )
        if names and not has_example:
            raise InvalidMessage(f"{field}.example.header_text", "An example is missing.")
    elif kind in FILE_HEADERS:
        if not as_list(example, "header_handle"):
            raise InvalidMessage(
                f"{field}.example.header_handle", "The handle of an uploaded example is missing."
            )
    elif kind != "LOCATION":
        raise InvalidMessage(
            f"{field}.format", f"One of TEXT, LOCATION, {', '.join(FILE_HEADERS)}."
        )


def _check_footer(field: str, part: Json) -> None:
    # The footer of a login code is a number of minutes, not a text.
    if "code_expiration_minutes" in part:
        return
    if _VARIABLE.search(_words(field, part, FOOTER)):
        raise InvalidMessage(f"{field}.text", "A footer has no variables.")


def _check_buttons(field: str, part: Json) -> None:
    buttons = as_list(part, "buttons")
    if not 0 < len(buttons) <= BUTTONS:
        raise InvalidMessage(f"{field}.buttons", f"1 to {BUTTONS} buttons.", limit=BUTTONS)
    kinds = []
    for index, button in enumerate(buttons):
        kinds.append(_check_button(f"{field}.buttons.{index}", button))
        most = MOST_OF.get(kinds[-1], BUTTONS)
        if kinds.count(kinds[-1]) > most:
            raise InvalidMessage(
                f"{field}.buttons.{index}", f"At most {most} of type {kinds[-1]}.", limit=most
            )
    replies = [index for index, kind in enumerate(kinds) if kind == "QUICK_REPLY"]
    if replies and replies[-1] - replies[0] >= len(replies):
        raise InvalidMessage(f"{field}.buttons", "Quick replies stand together.")


def _check_button(field: str, button: Any) -> str:
    given = button if isinstance(button, dict) else {}
    kind = as_text(given, "type").upper()
    if kind not in KINDS:
        raise InvalidMessage(f"{field}.type", f"One of {', '.join(KINDS)}.")
    if kind not in UNLABELLED:
        _words(field, given, LABEL)
    if kind == "URL":
        _check_url(field, given)
    if kind == "PHONE_NUMBER" and not as_text(given, "phone_number"):
        raise InvalidMessage(f"{field}.phone_number", "The number is missing.")
    if kind == "COPY_CODE" and not 0 < len(_first(given.get("example"))) <= CODE:
        raise InvalidMessage(
            f"{field}.example", f"An example code of 1 to {CODE} characters.", limit=CODE
        )
    return kind


def _check_url(field: str, button: Json) -> None:
    url = as_text(button, "url")
    if not url.startswith(("https://", "http://")) or len(url) > URL:
        raise InvalidMessage(
            f"{field}.url", f"An http address of at most {URL} characters.", limit=URL
        )
    if not (found := _VARIABLE.findall(url)):
        return
    if len(found) > 1 or not re.search(r"\}\}\Z", url):
        raise InvalidMessage(f"{field}.url", "One variable at most, at its end.", limit=1)
    if not _first(button.get("example")):
        raise InvalidMessage(f"{field}.example", "An example of the whole address is missing.")


def _first(example: Any) -> str:
    value = example[0] if isinstance(example, list) and example else example
    return value if isinstance(value, str) else ""
