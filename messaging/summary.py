"""What a conversation shows of its last message."""

from typing import Any

PREVIEW = 140
REVOKED = "[revoked]"


def preview_of(type_: str, text: str) -> str:
    """A line for the list: the text, or the kind of message in brackets."""
    line = " ".join(text.split())
    return line[:PREVIEW] if line else f"[{type_}]"


def summary(*, message_id: str, direction: str, type_: str, text: str, at: str) -> dict[str, Any]:
    return {"id": message_id, "direction": direction, "type": type_, "preview": preview_of(type_, text),
            "at": at}  # fmt: skip
