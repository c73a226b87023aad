"""What Meta decided about a message template.

Payload shapes: Meta's webhook references of ``message_template_status_update``,
``message_template_quality_update``, ``message_template_components_update`` and
``template_category_update``.
"""

from datetime import datetime
from typing import Any

from channels.providers.events import Event, Ignored, TemplateChanged
from channels.providers.whatsapp.access import as_text
from channels.providers.whatsapp.unparsable import Unparsable

Json = dict[str, Any]

_IDENTITY = ("message_template_id", "message_template_name", "message_template_language")
# What each kind of change says by itself; the rest of the value is its detail.
_SAID = {
    "status": ("event", "", "reason"),
    "quality": ("new_quality_score", "previous_quality_score", ""),
    "category": ("new_category", "previous_category", ""),
    "components": ("", "", ""),
}
_FIELDS = {
    "message_template_status_update": "status",
    "message_template_quality_update": "quality",
    "message_template_components_update": "components",
    "template_category_update": "category",
    "template_correct_category_detection": "category",
}
TEMPLATE_FIELDS = frozenset(_FIELDS)


def template_events(field: str, value: Json, at: datetime | None) -> list[Event]:
    """Return the change; raises `Unparsable` for one of no template.

    A category that is about to change leaves ``value`` as it is and names the coming one in
    ``detail`` (``correct_category``, ``category_update_timestamp``).
    """
    what = _FIELDS[field]
    if what == "status" and "new_quality_score" in value:  # it was seen under that name too
        what = "quality"
    id_, name, language = (as_text(value, key) for key in _IDENTITY)
    if not id_ and not name:
        raise Unparsable("the item does not say which template it is about")
    said = _SAID[what]
    new = as_text(value, said[0]) if said[0] else ""
    if not new and what != "components" and "correct_category" not in value:
        return [Ignored(reason=f"template_{what}:unnamed", provider_at=at)]
    reason = as_text(value, said[2]) if said[2] else ""
    return [
        TemplateChanged(
            provider_at=at,
            what=what,
            external_id=id_,
            name=name,
            language=language,
            value=new,
            previous=as_text(value, said[1]) if said[1] else "",
            reason="" if reason == "NONE" else reason,
            detail={k: v for k, v in value.items() if k not in _IDENTITY and k not in said},
        )
    ]
