"""What an approved template takes, read from its definition in Meta's form."""

import re
from typing import Any

from channels.providers.whatsapp.access import as_objects, as_text

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}", re.ASCII)
_FILE_FORMATS = ("IMAGE", "VIDEO", "DOCUMENT", "LOCATION", "PRODUCT")
_VALUE_BUTTONS = ("COPY_CODE", "OTP", "MPM")


def template_parameters(components: Any, parameter_format: str = "POSITIONAL") -> dict[str, Any]:
    """Return the ``expected`` member of a template's content, from ``components`` as synced.

    ``{"body": number or names}``, with ``header`` (text, image, video, document, location or
    product), ``header_name`` (of a header's named parameter), ``buttons`` (the indexes that take a value), ``cards`` (the same for each card) and
    ``limited_time_offer`` (true) where there are any; ``needs_phone`` is true of a one-time code,
    which goes to no business-scoped id.
    """
    parts = {"components": components}
    expected: dict[str, Any] = {"body": 0}
    for component in as_objects(parts, "components"):
        match as_text(component, "type").upper():
            case "BODY":
                expected["body"] = _variables(as_text(component, "text"), parameter_format)
            case "HEADER":
                if header := _header(component):
                    expected["header"] = header
                if name := _header_name(component):
                    expected["header_name"] = name
            case "BUTTONS":
                if buttons := _buttons(component):
                    expected["buttons"] = buttons
                if any(map(_is_code, as_objects(component, "buttons"))):
                    expected["needs_phone"] = True
            case "CAROUSEL":
                expected["cards"] = [
                    template_parameters(card.get("components"), parameter_format)
                    for card in as_objects(component, "cards")
                ]
            case "LIMITED_TIME_OFFER":
                expected["limited_time_offer"] = True
    return expected


def _variables(text: str, parameter_format: str) -> int | list[str]:
    names = list(dict.fromkeys(_VARIABLE.findall(text)))
    if parameter_format.upper() == "NAMED" or any(not name.isdigit() for name in names):
        return names
    return max(map(int, names), default=0)


def _header(component: dict[str, Any]) -> str:
    declared = as_text(component, "format").upper()
    if declared in _FILE_FORMATS:
        return declared.lower()
    return "text" if _VARIABLE.search(as_text(component, "text")) else ""


def _header_name(component: dict[str, Any]) -> str:
    found = _VARIABLE.search(as_text(component, "text"))
    return found[1] if found and not found[1].isdigit() else ""


def _buttons(component: dict[str, Any]) -> list[int]:
    return [
        index
        for index, button in enumerate(as_objects(component, "buttons"))
        if as_text(button, "type").upper() in _VALUE_BUTTONS
        or _VARIABLE.search(as_text(button, "url"))
    ]


def _is_code(button: dict[str, Any]) -> bool:
    return as_text(button, "type").upper() == "OTP" or "otp_type=" in as_text(button, "url")


def template_text(components: Any, body: Any) -> str:
    """The body as the customer reads it, with ``body`` (a list or an object) filled in; "" without one."""
    for component in as_objects({"components": components}, "components"):
        if as_text(component, "type").upper() == "BODY":
            return _VARIABLE.sub(lambda m: _value(body, m[1]), as_text(component, "text"))
    return ""


def _value(body: Any, name: str) -> str:
    """A parameter's text; a typed one shows its fallback. What is missing stays visible."""
    value: Any = None
    if isinstance(body, dict):
        value = body.get(name)
    elif isinstance(body, list) and name.isdigit() and 0 < int(name) <= len(body):
        value = body[int(name) - 1]
    if isinstance(value, dict):
        inner = value.get(str(value.get("type", ""))) or value
        value = inner.get("fallback_value", inner.get("text")) if isinstance(inner, dict) else inner
    return str(value) if isinstance(value, str | int | float) else f"{{{{{name}}}}}"
