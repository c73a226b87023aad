"""`GET /{waba_id}/message_templates` and single templates."""

from __future__ import annotations

from channels.simulator.meta.graph.call import Answer, Call
from channels.simulator.meta.graph.nodes import pick
from channels.simulator.meta.graph.paging import page_of
from channels.simulator.meta.graph.permits import MANAGEMENT, demand, identify
from channels.simulator.meta.records import Json, Template

FIELDS = "id,name,parameter_format,components,language,status,category"


def template_node(template: Template) -> Json:
    """All fields of a template."""
    return {
        "id": template.template_id,
        "name": template.name,
        "parameter_format": template.parameter_format,
        "components": template.components,
        "language": template.language,
        "status": template.status,
        "category": template.category,
        "quality_score": {"score": "UNKNOWN"},
        "rejected_reason": "NONE",
        "previous_category": None,
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
    nodes = [pick(template_node(item), wanted, "WhatsAppMessageTemplate") for item in found]
    return Answer(page_of(call, nodes))


async def get_template(call: Call) -> Answer:
    """`GET /{template_id}?fields=`."""
    template = call.state.templates[call.node]
    demand(call, identify(call), waba_id=template.waba_id, scope=MANAGEMENT)
    return Answer(pick(template_node(template), call.fields(FIELDS), "WhatsAppMessageTemplate"))
