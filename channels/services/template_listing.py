"""One entry of a provider's list of templates, read into our columns; anything else is unreadable."""

from typing import Any

from channels.models import MessageTemplate

Json = dict[str, Any]
LONGEST = {name: MessageTemplate._meta.get_field(name).max_length or 0
           for name in ("external_id", "name", "language", "category", "status", "quality", "reason")}  # fmt: skip
FORMATS = ("POSITIONAL", "NAMED")


class Unreadable(ValueError):
    """The entry is no template; the message says what is wrong with it."""


def columns_of(entry: Any) -> Json:
    """The columns of a template as the provider lists it. Raises ``Unreadable``."""
    if not isinstance(entry, dict):
        raise Unreadable("it is no object")
    found = {name: _text(entry, name) for name in ("name", "language", "category", "status")}
    found["external_id"] = _text(entry, "id", "external_id")
    if not found["name"] or not found["language"]:
        raise Unreadable("it has no name or no language")
    components = entry.get("components") or []
    if not isinstance(components, list) or not all(isinstance(c, dict) for c in components):
        raise Unreadable("its components are no list of objects")
    style = str(entry.get("parameter_format") or FORMATS[0]).upper()
    if style not in FORMATS:
        raise Unreadable(f"its parameters are {style[:20]}")
    reason = str(entry.get("rejected_reason") or "")
    return {
        **found,
        "components": components,
        "parameter_format": style,
        "quality": _quality(entry.get("quality_score")),
        "reason": "" if reason == "NONE" else reason[: LONGEST["reason"]],
    }


def _text(entry: Json, key: str, column: str = "") -> str:
    value = entry.get(key)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unreadable(f"its {key} is no text")
    text = str(value)
    if len(text) > LONGEST[column or key]:
        raise Unreadable(f"its {key} is longer than {LONGEST[column or key]}")
    return text


def _quality(score: Any) -> str:
    value = score.get("score") if isinstance(score, dict) else score
    known = value if isinstance(value, str) else ""
    return "" if known == "UNKNOWN" else known[: LONGEST["quality"]]
