"""Outgoing templates: the parameters that a send must bring, and the text that comes of it."""

from __future__ import annotations

import re
from typing import Any

from channels.simulator.meta.errors import GraphError
from channels.simulator.meta.records import Json, Template
from channels.simulator.meta.state import State
from channels.simulator.meta.whatsapp.checks import child, missing, only, text
from channels.simulator.meta.whatsapp.content import check_media_source

VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
STATUS_CODES = {"PAUSED": 132015, "DISABLED": 132016}
MEDIA_HEADERS = ("IMAGE", "VIDEO", "DOCUMENT", "LOCATION")


def check_template(state: State, phone_number_id: str, body: Json) -> Any:
    """`template{name, language{code}, components?}` against the stored template."""
    content = child(body, "template", "template")
    only(content, ("name", "language", "components", "namespace"), "template")
    name = text(content, "name", "template['name']", 512)
    language = child(content, "language", "template['language']")
    code = text(language, "code", "template['language']['code']", 20)
    template = find_template(state, state.numbers[phone_number_id].waba_id, name, code)
    sent = _sent_components(content)
    for component in template.components:
        _check_component(state, phone_number_id, template, component, sent)
    return content


def find_template(state: State, waba_id: str, name: str, language: str) -> Template:
    """The approved template. Raises 132001, or 132015 / 132016 when paused or disabled."""
    for template in state.templates.values():
        if (template.waba_id, template.name, template.language) == (waba_id, name, language):
            if template.status == "APPROVED":
                return template
            if template.status in STATUS_CODES:
                raise GraphError(STATUS_CODES[template.status], f"template['name']: {name}")
    raise GraphError(
        132001, f"template['name']: template name ({name}) does not exist in {language}"
    )


def _sent_components(content: Json) -> list[Json]:
    sent = content.get("components") or []
    if not isinstance(sent, list) or not all(isinstance(item, dict) for item in sent):
        raise GraphError(100, "Param template['components'] must be an array.")
    for item in sent:
        if item.get("type") not in ("header", "body", "button", "limited_time_offer", "carousel"):
            raise GraphError(100, f"template['components']: type {item.get('type')!r} is unknown.")
    return sent


def _parameters(sent: list[Json], kind: str, index: int | None = None) -> list[Json]:
    for item in sent:
        if item.get("type") == kind and (index is None or str(item.get("index")) == str(index)):
            found = item.get("parameters") or []
            if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
                raise GraphError(100, f"Param template['components']: parameters of {kind}.")
            return found
    return []


def _check_component(
    state: State, phone_number_id: str, template: Template, component: Json, sent: list[Json]
) -> None:
    kind = component["type"]
    if kind == "BODY" or (kind == "HEADER" and component.get("format") == "TEXT"):
        parameters = _parameters(sent, kind.lower())
        _check_values(template, kind.lower(), component["text"], parameters)
    elif kind == "HEADER" and component.get("format") in MEDIA_HEADERS:
        style = component["format"].lower()
        found = _parameters(sent, "header")
        if len(found) != 1:
            raise _count("header", len(found), 1)
        if found[0].get("type") != style:
            raise GraphError(132012, f"header: Format mismatch, expected {component['format']}")
        if style != "location":
            source = child(found[0], style, f"header['{style}']")
            check_media_source(state, phone_number_id, style, source, f"header['{style}']")
    elif kind == "BUTTONS":
        _check_buttons(component["buttons"], sent)


def _check_buttons(buttons: list[Json], sent: list[Json]) -> None:
    for item in sent:
        if item.get("type") == "button":
            place = str(item.get("index", ""))
            if not place.isdigit() or int(place) >= len(buttons):
                raise GraphError(132018, f"button: no button at index {place or 'missing'}")
    for index, button in enumerate(buttons):
        if button["type"] == "URL" and VARIABLE.search(button.get("url", "")):
            found = _parameters(sent, "button", index)
            if len(found) != 1:
                raise _count(f"button at index {index}", len(found), 1)


def _count(part: str, given: int, wanted: int) -> GraphError:
    return GraphError(
        132000,
        f"{part}: number of localizable_params ({given}) does not match the expected number of"
        f" params ({wanted})",
    )


def _check_values(template: Template, part: str, words: str, parameters: list[Json]) -> None:
    wanted = list(dict.fromkeys(VARIABLE.findall(words)))
    if len(parameters) != len(wanted):
        raise _count(part, len(parameters), len(wanted))
    names = [item.get("parameter_name") for item in parameters]
    if template.parameter_format == "NAMED":
        if set(names) != set(wanted):
            raise GraphError(132000, f"{part}: parameter_name must be each of {', '.join(wanted)}")
    elif any(name is not None for name in names):
        raise GraphError(132012, f"{part}: parameter_name is not allowed in a positional template")
    for index, item in enumerate(parameters):
        _check_value(part, index, item)
    room = 32_768 if [one["type"] for one in template.components] == ["BODY"] else 1024
    if len(fill(words, parameters)) > (room if part == "body" else 60):
        raise GraphError(132005, f"{part}: Translated text too long")


def _check_value(part: str, index: int, item: Json) -> None:
    kind = item.get("type")
    if kind not in ("text", "currency", "date_time"):
        raise GraphError(132012, f"{part}: parameter {index} of type {kind!r} is not localizable")
    value = item.get("text") if kind == "text" else (item.get(kind) or {}).get("fallback_value")
    if not isinstance(value, str) or not value:
        raise missing(f"template['components']: {part} parameter {index} {kind}")
    if re.search(r"[\n\t]| {5,}", value):
        raise GraphError(
            132018, f"{part}: parameter {index} has new-lines, tabs or more than 4 spaces in a row"
        )


def fill(words: str, parameters: list[Json]) -> str:
    """The template's text with the values in their places."""
    values: dict[str, str] = {}
    for index, item in enumerate(parameters, start=1):
        kind = str(item.get("type"))
        value = item.get("text") if kind == "text" else item.get(kind, {}).get("fallback_value")
        values[str(item.get("parameter_name") or index)] = str(value)
    return VARIABLE.sub(lambda match: values.get(match[1], match[0]), words)


def render(template: Template, content: Json) -> Json:
    """What the customer sees: `{header, body, footer, buttons}`."""
    sent = content.get("components") or []
    view: Json = {"category": template.category}
    for component in template.components:
        kind = component["type"].lower()
        if kind == "buttons":
            view["buttons"] = [
                _shown_button(button, _parameters(sent, "button", index))
                for index, button in enumerate(component["buttons"])
            ]
        elif "text" in component:
            view[kind] = fill(component["text"], _parameters(sent, kind))
        else:
            view["header_media"] = (_parameters(sent, "header") or [{}])[0]
    return view


def _shown_button(button: Json, parameters: list[Json]) -> Json:
    given = parameters[0].get("payload") if parameters else None
    return {"type": button["type"], "text": button["text"], "payload": given or button["text"]}
