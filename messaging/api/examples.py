"""Examples for the schema."""

ID = "0192f0c1a2b3000000a1b2c3"
AT = "2026-03-14T09:26:53.589Z"
WINDOW = {"open": True, "until": AT, "allowed": ["any"]}
CONVERSATION = {
    "id": ID, "number": 1042, "status": "open", "channel": {"id": ID, "kind": "whatsapp"},
    "contact": {"id": ID, "name": "Ana Souza"}, "assignee": {"id": ID, "name": "Ada"},
    "unread_count": 1, "waiting_since": AT,
    "last_message": {"id": ID, "direction": "inbound", "type": "text", "preview": "Hello", "at": AT},
    "window": WINDOW, "held_by": None, "version": 3, "created_at": AT, "last_activity_at": AT,
}  # fmt: skip
FILE = {
    "id": ID, "kind": "image", "mime_type": "image/jpeg", "filename": "photo.jpg", "size": 48211,
    "state": "stored", "url": "https://switchboard.example/api/v1/media/content/…",
    "thumbnail_url": "https://switchboard.example/api/v1/media/content/…",
}  # fmt: skip
MESSAGE = {
    "id": ID, "conversation_id": ID, "channel_id": ID, "seq": 7, "direction": "outbound",
    "type": "text", "text": "On its way!", "edits": [], "revoked_at": None, "attachments": [],
    "reply_to_id": None, "external_id": None, "forwarded": False, "is_history": False,
    "referral": None,
    "sender": {"kind": "agent", "id": ID, "name": "Ada"}, "status": "queued", "status_at": None,
    "error": None, "reactions": [], "provider_at": None, "created_at": AT,
}  # fmt: skip
UPDATE = {
    "id": ID, "kind": "status", "status": "delivered", "emoji": None, "text": None, "phase": None,
    "actor": None, "error": None,
    "provider_at": AT, "created_at": AT,
}  # fmt: skip
ATTEMPT = {"n": 1, "at": AT, "outcome": "accepted", "code": None, "detail": "", "ended_at": AT}
SENDS = [
    ("Text", {"type": "text", "text": "On its way!", "preview_url": False}),
    ("Reply", {"type": "text", "text": "Yes", "reply_to_id": ID, "expected_last_message_id": ID}),
    ("Image", {"type": "image", "image": {"media_id": ID, "caption": "Like this?"}}),
    ("Document by link", {"type": "document", "document": {"link": "https://example.com/a.pdf"}}),
    ("Template", {"type": "template", "template": {
        "name": "order_update", "language": "en_US", "body": ["Ana", "A-1042"]}}),
    ("Reaction", {"type": "reaction", "reaction": {"message_id": ID, "emoji": "👍"}}),
]  # fmt: skip


def page(item: object) -> dict[str, object]:
    """A last page with one item."""
    return {"results": [item], "next": None}
