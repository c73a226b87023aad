"""What the business sent with another tool, where an echo repeats the request: not a customer's form."""

from typing import Any

from channels.providers.whatsapp.access import as_object, as_objects, as_text
from channels.providers.whatsapp.content import Content

Json = dict[str, Any]


def read_sent(message: Json) -> Content | None:
    """Return an interactive message or a template as it was asked for; None for anything else."""
    match as_text(message, "type"):
        case "interactive":
            return _interactive(as_object(message, "interactive"))
        case "template":
            return _template(as_object(message, "template"))
    return None


def _interactive(asked: Json) -> Content | None:
    kind = as_text(asked, "type")
    if not kind:
        return None
    text = as_text(as_object(asked, "body"), "text") or as_text(as_object(asked, "header"), "text")
    return Content(type="interactive", text=text, content={"type": kind[:64], "raw": asked})


def _template(asked: Json) -> Content | None:
    """Its words are there only where its definition came along."""
    name = as_text(asked, "name")
    if not name:
        return None
    language = as_object(asked, "language")
    code = as_text(language, "code") or as_text(asked, "language")
    parts = as_objects(asked, "components")
    body = next((part for part in parts if as_text(part, "type").upper() == "BODY"), {})
    content = {"name": name[:512], "language": code[:20], "raw": asked}
    return Content(type="template", text=as_text(body, "text"), content=content)
