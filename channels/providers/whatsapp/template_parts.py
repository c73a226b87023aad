"""The parts of a template in Meta's form: texts, variables with their examples, files, buttons.

Each check raises `InvalidMessage`, which names the field and the limit that was passed. Source:
Meta's page on template components. Lengths are in characters.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from channels.providers.contract import InvalidMessage
from channels.providers.whatsapp.access import as_list, as_object, as_objects, as_text
from channels.providers.whatsapp.template_files import FILE_HEADERS, check_named

Json = dict[str, Any]

HEADER, BODY, FOOTER = 60, 1024, 60
BUTTONS, LABEL, URL, CODE = 10, 25, 2000, 15
MOST_OF = {"URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1, "QUICK_REPLY": BUTTONS}
KINDS = (*MOST_OF, "FLOW", "CATALOG", "MPM", "SPM", "OTP", "VOICE_CALL", "REQUEST_CONTACT_INFO")
# These have a label of their own that nobody chooses.
UNLABELLED = ("OTP", "COPY_CODE", "REQUEST_CONTACT_INFO")

_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_PARAMETER = re.compile(r"[a-z0-9_]+\Z")

Parts = dict[str, tuple[str, Json]]


def parts_by_kind(field: str, given: Any, kinds: Sequence[str], whole: str) -> Parts:
    """Each part of ``given`` by its type, with the name of its field; a ``whole`` has one of each."""
    parts: Parts = {}
    for index, part in enumerate(given if isinstance(given, list) else []):
        name = f"{field}.{index}"
        kind = as_text(part, "type").upper() if isinstance(part, dict) else ""
        if kind not in kinds:
            raise InvalidMessage(f"{name}.type", f"One of {', '.join(kinds)}.")
        if kind in parts:
            raise InvalidMessage(name, f"A {whole} has one {kind} at most.", limit=1)
        parts[kind] = (name, part)
    return parts


def words(field: str, part: Mapping[str, Any], most: int) -> str:
    """The part's text, of 1 to ``most`` characters."""
    text = as_text(dict(part), "text")
    if not text.strip():
        raise InvalidMessage(f"{field}.text", "The text is missing.")
    if len(text) > most:
        raise InvalidMessage(f"{field}.text", f"At most {most} characters.", limit=most)
    return text


def check_body(field: str, part: Json, *, is_named: bool, most: int = BODY) -> None:
    """A body's text, no longer than ``most``, its variables and their examples."""
    text = words(field, part, most)
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


def check_header(field: str, part: Json) -> None:
    """A header's words and variable, or its file's example."""
    kind = as_text(part, "format").upper()
    example = as_object(part, "example")
    if kind == "TEXT":
        names = _VARIABLE.findall(words(field, part, HEADER))
        if len(names) > 1:
            raise InvalidMessage(f"{field}.text", "One variable at most.", limit=1)
        has_example = as_list(example, "header_text") or as_list(
            example, "header_text_named_params"
        )
        if names and not has_example:
            raise InvalidMessage(f"{field}.example.header_text", "An example is missing.")
    elif kind in FILE_HEADERS:
        check_named(field, example)
    elif kind != "LOCATION":
        raise InvalidMessage(
            f"{field}.format", f"One of TEXT, LOCATION, {', '.join(FILE_HEADERS)}."
        )
    if kind not in FILE_HEADERS and "media_id" in example:
        raise InvalidMessage(f"{field}.example.media_id", f"A header of {kind} shows no file.")


def check_footer(field: str, part: Json) -> None:
    """A footer's words, which have no variables."""
    # The footer of a login code is a number of minutes, not a text.
    if "code_expiration_minutes" in part:
        return
    if _VARIABLE.search(words(field, part, FOOTER)):
        raise InvalidMessage(f"{field}.text", "A footer has no variables.")


def check_buttons(
    field: str, part: Json, *, most: int = BUTTONS, kinds: Sequence[str] = KINDS
) -> tuple[str, ...]:
    """The types of 1 to ``most`` buttons, each of ``kinds``, in their order."""
    buttons = as_list(part, "buttons")
    if not 0 < len(buttons) <= most:
        wanted = f"1 to {most} buttons." if most > 1 else "One button."
        raise InvalidMessage(f"{field}.buttons", wanted, limit=most)
    found: list[str] = []
    for index, button in enumerate(buttons):
        found.append(_check_button(f"{field}.buttons.{index}", button, kinds))
        same = MOST_OF.get(found[-1], BUTTONS)
        if found.count(found[-1]) > same:
            raise InvalidMessage(
                f"{field}.buttons.{index}", f"At most {same} of type {found[-1]}.", limit=same
            )
    replies = [index for index, kind in enumerate(found) if kind == "QUICK_REPLY"]
    if replies and replies[-1] - replies[0] >= len(replies):
        raise InvalidMessage(f"{field}.buttons", "Quick replies stand together.")
    return tuple(found)


def _check_button(field: str, button: Any, kinds: Sequence[str]) -> str:
    given = button if isinstance(button, dict) else {}
    kind = as_text(given, "type").upper()
    if kind not in kinds:
        raise InvalidMessage(f"{field}.type", f"One of {', '.join(kinds)}.")
    if kind not in UNLABELLED:
        words(field, given, LABEL)
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
