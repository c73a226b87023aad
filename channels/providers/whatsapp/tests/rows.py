"""Messages with one field of the limits' table at a chosen size, and how its caller names it."""

from copy import deepcopy
from typing import Any

from channels.providers.contract import OutboundMessage
from channels.providers.whatsapp import limits
from channels.providers.whatsapp.fields import Field
from channels.providers.whatsapp.tests.outbound import CONTENTS, LINK, beside_a_file, message

Row = tuple[str, Field]
ROWS: list[Row] = [(kind, field) for kind, fields in limits.FIELDS.items() for field in fields]
MOST = [row for row in ROWS if row[1].most is not None]
LEAST = [row for row in ROWS if row[1].least]
REQUIRED = [row for row in ROWS if row[1].required]
CARD_BUTTONS = {"header": {"image": {"link": LINK}}, "buttons": [{"id": "a", "title": "A"}]}


def named(row: Row) -> str:
    return f"{row[0]}-{row[1].path}"


def sample(kind: str, path: str) -> dict[str, Any]:
    """A valid content of the kind that has the field."""
    content = deepcopy(CONTENTS[kind])
    if path == "header.text":
        content["header"] = {"text": "x"}
    elif path.startswith("header.") and kind.startswith("interactive"):
        content["header"] = {path.split(".")[1]: {"link": LINK}}
    elif path.startswith("cards.*.buttons") and kind == "interactive.carousel":
        content["cards"] = [deepcopy(CARD_BUTTONS), deepcopy(CARD_BUTTONS)]
    elif path.startswith("cards.*.header.video"):
        content["cards"] = [
            {**card, "header": {"video": {"link": LINK}}} for card in content["cards"]
        ]
    elif path.startswith(("cards.*.catalog_id", "cards.*.product")):
        content["cards"] = [{"catalog_id": "5", "product_retailer_id": str(n)} for n in (1, 2)]
    return content


def reach(content: Any, path: str) -> tuple[Any, Any, str]:
    """The object or list that holds the first such field, its key there, and the field's name."""
    steps: list[Any] = []
    holder, inner = content, content
    for step in path.split("."):
        key: Any = step if step != "*" else 0
        if step == "*" and isinstance(inner, list):
            last = path.split(".")[len(steps) + 1 :]
            key = next((i for i, one in enumerate(inner) if not last or last[0] in one), 0)
        holder, inner = inner, inner.get(key) if isinstance(inner, dict) else inner[key]
        steps.append(str(key))
    return holder, int(steps[-1]) if steps[-1].isdigit() else steps[-1], ".".join(steps)


def many(items: list[Any], count: int) -> list[Any]:
    """``count`` items like the first, each with ids and titles of its own."""
    made = []
    for n in range(count):
        item = deepcopy(items[0])
        for one in [item, *(item.get("rows") or item.get("product_items") or [])]:
            one.update({k: f"{k[:2]}{n}" for k in ("id", "title") if k in one})
        if item.get("type") == "url":
            item = {"type": "url", "text": "x", "index": n}
        made.append(item)
    return made


def sized(field: Field, old: Any, size: int) -> Any:
    if field.holds == "list":
        return many(old, size)
    if field.holds == "number":
        return size
    return LINK + "x" * (size - len(LINK)) if field.holds == "link" else "x" * size


def built(kind: str, field: Field, size: int) -> tuple[OutboundMessage, str]:
    """A message whose field has this size, and the field's name as its caller wrote it."""
    if kind == "text":
        return message("text", {}, text="x" * size), "text"
    if kind in limits.FILES:
        return beside_a_file(kind, **{field.path: "x" * size}), f"{kind}.{field.path}"
    content = sample(kind, field.path)
    holder, key, name = reach(content, field.path)
    holder[key] = sized(field, holder.get(key) if isinstance(holder, dict) else holder[key], size)
    if kind == "interactive.carousel" and field.path.startswith("cards.*.buttons"):
        content["cards"][1]["buttons"] = deepcopy(content["cards"][0]["buttons"])
    if field.together:
        name = field.path.split(".*")[0]
        if kind == "template":
            name = "buttons"
    return message(kind, content), f"{kind.split('.')[0]}.{name}"
