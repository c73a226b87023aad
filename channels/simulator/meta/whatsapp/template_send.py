"""Outgoing templates: the parameters that a send must bring, and the text that comes of it."""

from __future__ import annotations

import re
from typing import Any

from channels.simulator.meta.errors import GraphError
from channels.simulator.meta.records import Json, Template
from channels.simulator.meta.state import State
from channels.simulator.meta.whatsapp.checks import child, missing, only, text
from channels.simulator.meta.whatsapp.content import check_media_source
from channels.simulator.meta.whatsapp.template_parts import (
    VARIABLE,
    cards_of,
    check_buttons,
    check_offer,
    parameters_of,
    wrong_count,
)

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
    _check_components(state, phone_number_id, template, template.components, sent)
    return content


def _check_components(
    state: State, phone_number_id: str, template: Template, stored: list[Json], sent: list[Json]
) -> None:
    """Every stored component against what was sent, and nothing sent beside them."""
    kinds = {component["type"].lower() for component in stored}
    for item in sent:
        part = str(item.get("type"))
        kind = "buttons" if part == "button" else part
        given = parameters_of([item], part)
        if kind not in kinds and given:
            raise wrong_count(part, len(given), 0)
    for component in stored:
        _check_component(state, phone_number_id, template, component, sent)


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


def _check_component(
    state: State, phone_number_id: str, template: Template, component: Json, sent: list[Json]
) -> None:
    kind = component["type"]
    if kind == "BODY" or (kind == "HEADER" and component.get("format") == "TEXT"):
        parameters = parameters_of(sent, kind.lower())
        _check_values(template, kind.lower(), component["text"], parameters)
    elif kind == "HEADER" and component.get("format") in MEDIA_HEADERS:
        style = component["format"].lower()
        found = parameters_of(sent, "header")
        if len(found) != 1:
            raise wrong_count("header", len(found), 1)
        if found[0].get("type") != style:
            raise GraphError(132012, f"header: Format mismatch, expected {component['format']}")
        if style != "location":
            source = child(found[0], style, f"header['{style}']")
            check_media_source(state, phone_number_id, style, source, f"header['{style}']")
    elif kind == "BUTTONS":
        check_buttons(component["buttons"], sent)
    elif kind == "LIMITED_TIME_OFFER":
        check_offer(component, sent)
    elif kind == "CAROUSEL":
        for card, given in cards_of(component, sent):
            _check_components(state, phone_number_id, template, card["components"], given)


def _check_values(template: Template, part: str, words: str, parameters: list[Json]) -> None:
    wanted = list(dict.fromkeys(VARIABLE.findall(words)))
    if len(parameters) != len(wanted):
        raise wrong_count(part, len(parameters), len(wanted))
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
    view = _render_components(template.components, content.get("components") or [])
    return {"category": template.category, **view}


def _render_components(stored: list[Json], sent: list[Json]) -> Json:
    view: Json = {}
    for component in stored:
        kind = component["type"].lower()
        if kind == "buttons":
            view["buttons"] = [
                _shown_button(button, parameters_of(sent, "button", index))
                for index, button in enumerate(component["buttons"])
            ]
        elif kind == "carousel":
            view["cards"] = [
                _render_components(card["components"], given)
                for card, given in cards_of(component, sent)
            ]
        elif "text" in component:
            view[kind] = fill(component["text"], parameters_of(sent, kind))
        elif kind == "header":
            view["header_media"] = (parameters_of(sent, "header") or [{}])[0]
    return view


def _shown_button(button: Json, parameters: list[Json]) -> Json:
    given = parameters[0].get("payload") if parameters else None
    label = button.get("text") or button["type"].replace("_", " ").capitalize()
    return {"type": button["type"], "text": label, "payload": given or label}
