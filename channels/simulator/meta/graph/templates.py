"""`/{waba_id}/message_templates` and single templates: reading, creating, editing, deleting."""

from __future__ import annotations

import asyncio
import re

from channels.simulator.meta.errors import GraphError
from channels.simulator.meta.graph.call import Answer, Call
from channels.simulator.meta.graph.nodes import pick
from channels.simulator.meta.graph.paging import page_of
from channels.simulator.meta.graph.permits import MANAGEMENT, demand, identify
from channels.simulator.meta.graph.uploads import shown_components
from channels.simulator.meta.records import Json, Template
from channels.simulator.meta.whatsapp.fields import announce_field
from channels.simulator.meta.whatsapp.template_rules import checked_components

FIELDS = "id,name,parameter_format,components,language,status,category"
CATEGORIES = ("AUTHENTICATION", "MARKETING", "UTILITY")


def template_node(call: Call, template: Template) -> Json:
    """All fields of a template."""
    return {
        "id": template.template_id,
        "name": template.name,
        "parameter_format": template.parameter_format,
        "components": shown_components(call, template),
        "language": template.language,
        "status": template.status,
        "category": template.category,
        "quality_score": {"score": template.quality},
        "rejected_reason": template.rejected_reason,
        "previous_category": template.previous_category or None,
        "sub_category": None,
        "correct_category": None,
    }


def _matches(call: Call, template: Template) -> bool:
    for name in ("status", "category", "language", "name"):
        wanted = call.parameter(name)
        if wanted and wanted.lower() != getattr(template, name).lower():
            return False
    return template.waba_id == call.node


async def list_templates(call: Call) -> Answer:
    """The WABA's templates, by `status`, `category`, `language`, `name`, a page at a time."""
    demand(call, identify(call), waba_id=call.node, scope=MANAGEMENT)
    wanted = call.fields(FIELDS)
    found = [item for item in call.state.templates.values() if _matches(call, item)]
    nodes = [pick(template_node(call, item), wanted, "WhatsAppMessageTemplate") for item in found]
    return Answer(page_of(call, nodes))


async def get_template(call: Call) -> Answer:
    """`GET /{template_id}?fields=`."""
    template = call.state.templates[call.node]
    demand(call, identify(call), waba_id=template.waba_id, scope=MANAGEMENT)
    node = template_node(call, template)
    return Answer(pick(node, call.fields(FIELDS), "WhatsAppMessageTemplate"))


async def create_template(call: Call) -> Answer:
    """`POST /{waba_id}/message_templates`: PENDING, and a verdict by webhook a little later."""
    demand(call, identify(call), waba_id=call.node, scope=MANAGEMENT)
    name, language = str(call.body.get("name", "")), str(call.body.get("language", ""))
    category = str(call.body.get("category", "")).upper()
    if not re.fullmatch(r"[a-z0-9_]{1,512}", name) or not language:
        raise GraphError(100, "name must be [a-z0-9_], at most 512; language is required.")
    if category not in CATEGORIES:
        raise GraphError(100, f"Param category must be one of {', '.join(CATEGORIES)}.")
    components = checked_components(call.body, call.state.handles)
    for one in call.state.templates.values():
        if (one.waba_id, one.name, one.language) == (call.node, name, language):
            raise GraphError(100, "There is already content in this language.", subcode=2388024)
    style = str(call.body.get("parameter_format", "POSITIONAL")).upper()
    template = Template(
        call.state.new_id(), call.node, name, language, category, components, style, "PENDING"
    )
    call.state.templates[template.template_id] = template
    call.sim.emitter.background(_review(call, template))
    return Answer({"id": template.template_id, "status": "PENDING", "category": category})


async def edit_template(call: Call) -> Answer:
    """`POST /{template_id}`: new components or category; goes through review again."""
    template = call.state.templates[call.node]
    demand(call, identify(call), waba_id=template.waba_id, scope=MANAGEMENT)
    if template.status not in ("APPROVED", "REJECTED", "PAUSED"):
        raise GraphError(100, f"A template that is {template.status} cannot be edited.")
    if "components" in call.body:
        asked = {"category": template.category, **call.body}
        template.components = checked_components(asked, call.state.handles)
    template.category = str(call.body.get("category", template.category)).upper()
    template.status = "PENDING"
    call.sim.emitter.background(_review(call, template))
    return Answer({"success": True})


async def unpause_template(call: Call) -> Answer:
    """`POST /{template_id}/unpause`: only of a paused one; told by webhook."""
    template = call.state.templates[call.node]
    demand(call, identify(call), waba_id=template.waba_id, scope=MANAGEMENT)
    if template.status != "PAUSED":
        raise GraphError(100, f"A template that is {template.status} cannot be unpaused.")
    template.status = "APPROVED"
    _announce(call, template, "APPROVED", other_info={"title": "UNPAUSE"})
    return Answer({"success": True})


async def delete_templates(call: Call) -> Answer:
    """`DELETE /{waba_id}/message_templates?name=` in all languages, or one by `hsm_id`."""
    demand(call, identify(call), waba_id=call.node, scope=MANAGEMENT)
    name, hsm_id = call.parameter("name"), call.parameter("hsm_id")
    if not name:
        raise GraphError(100, "The parameter name is required.")
    found = [
        one
        for one in call.state.templates.values()
        if (one.waba_id, one.name) == (call.node, name) and hsm_id in ("", one.template_id)
    ]
    if not found:
        raise GraphError(100, "Message template not found.", subcode=2593002)
    for one in found:
        del call.state.templates[one.template_id]
    return Answer({"success": True})


async def _review(call: Call, template: Template) -> None:
    """After `template_review_ms` the verdict of the settings, as a webhook."""
    settings = call.state.settings
    await asyncio.sleep(settings.template_review_ms / 1000)
    if settings.template_verdict == "PENDING" or template.template_id not in call.state.templates:
        return
    _announce(call, template, settings.template_verdict)


def _announce(call: Call, template: Template, event: str, **more: Json) -> None:
    value = {
        "event": event,
        "reason": "NONE" if event == "APPROVED" else "INVALID_FORMAT",
        "message_template_id": int(template.template_id),
        "message_template_name": template.name,
        "message_template_language": template.language.replace("_", "-"),
        "message_template_category": template.category,
        **more,
    }
    field = "message_template_status_update"
    announce_field(call.sim, {"field": field, "waba_id": template.waba_id, "value": value})
