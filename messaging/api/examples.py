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
COMMENT = {
    **MESSAGE, "direction": "inbound", "type": "comment", "text": "Ugly.", "status": "received",
    "sender": {"kind": "contact", "id": ID, "name": "dana.c"},
    "comment": {"comment_id": "18055", "parent_id": None, "is_live": False, "is_mention": False,
                "media": {"id": "17990", "media_product_type": "FEED"}, "is_hidden": True},
}  # fmt: skip
UPDATE = {
    "id": ID, "kind": "status", "status": "delivered", "emoji": None, "text": None, "phase": None,
    "actor": None, "error": None,
    "provider_at": AT, "created_at": AT,
}  # fmt: skip
ATTEMPT = {"n": 1, "at": AT, "outcome": "accepted", "code": None, "detail": "", "ended_at": AT}
PRODUCT = {"catalog_id": "551200330044", "product_retailer_id": "SKU-118"}
INTERACTIVE = [
    ("buttons", {
        "type": "buttons", "header": {"image": {"media_id": ID}}, "body": "Shall we deliver today?",
        "footer": "Until 18:00",
        "buttons": [{"id": "yes", "title": "Yes"}, {"id": "no", "title": "Tomorrow"}]}),
    ("list", {
        "type": "list", "body": "When suits you?", "button": "Choose a time",
        "sections": [{"title": "Monday", "rows": [
            {"id": "mon-9", "title": "9:00"}, {"id": "mon-11", "title": "11:00"}]}]}),
    ("link", {
        "type": "cta_url", "body": "Your order is on its way.", "button": "Track it",
        "url": "https://example.com/track/1042"}),
    ("flow", {
        "type": "flow", "body": "Book a visit in a minute.", "button": "Book",
        "flow": {"id": "661200", "token": "visit-1042", "screen": "DATE"}}),
    ("product", {"type": "product", "body": "Back in stock.", **PRODUCT}),
    ("products", {
        "type": "product_list", "header": {"text": "For you"}, "body": "Our choice for spring.",
        "catalog_id": "551200330044", "sections": [
            {"title": "Shoes", "product_items": [{"product_retailer_id": "SKU-118"}]}]}),
    ("catalog", {"type": "catalog", "body": "All that we have."}),
    ("location request", {"type": "location_request", "body": "Where shall we deliver?"}),
    ("contact request", {"type": "contact_request", "body": "May we have your number?"}),
    ("call button", {"type": "voice_call", "body": "Shall we talk?", "button": "Call us"}),
    ("request to call", {"type": "call_permission_request", "body": "May we call you about it?"}),
    ("address", {"type": "address", "body": "Where to?", "address": {"country": "IN"}}),
    ("carousel", {"type": "carousel", "body": "New this week", "cards": [
        {"header": {"image": {"media_id": ID}}, "body": "Blue",
         "button": "See it", "url": "https://example.com/blue"},
        {"header": {"image": {"link": "https://example.com/2.jpg"}}, "body": "Green",
         "button": "See it", "url": "https://example.com/green"}]}),
]  # fmt: skip
SENDS = [
    ("Text", {"type": "text", "text": "On its way!", "preview_url": False}),
    ("Reply", {"type": "text", "text": "Yes", "reply_to_id": ID, "expected_last_message_id": ID}),
    ("Image", {"type": "image", "image": {"media_id": ID, "caption": "Like this?"}}),
    ("Album", {"type": "image", "image": {"images": [
        {"media_id": ID}, {"link": "https://example.com/2.jpg"}]}}),
    ("Document by link", {"type": "document", "document": {"link": "https://example.com/a.pdf"}}),
    ("Template", {"type": "template", "template": {
        "name": "order_update", "language": "en_US", "body": ["Ana", "A-1042"]}}),
    ("Template with a carousel", {"type": "template", "template": {
        "name": "spring_offers", "language": "en_US", "body": {"first_name": "Ana"},
        "limited_time_offer": {"expiration_time_ms": 1798761600000},
        "cards": [
            {"header": {"image": {"link": "https://example.com/1.jpg"}},
             "buttons": [{"type": "url", "text": "offers/1"}]},
            {"header": {"image": {"link": "https://example.com/2.jpg"}},
             "buttons": [{"type": "url", "text": "offers/2"}]}]}}),
    ("Reaction", {"type": "reaction", "reaction": {"message_id": ID, "emoji": "👍"}}),
    ("Voice note", {"type": "audio", "audio": {"media_id": ID, "voice": True}}),
    ("Location", {"type": "location", "location": {
        "latitude": 38.7139, "longitude": -9.1394, "name": "Our shop", "address": "Rua Augusta 1"}}),
    ("Contacts", {"type": "contacts", "contacts": {"contacts": [{
        "name": {"formatted_name": "Rui Costa", "first_name": "Rui"},
        "phones": [{"phone": "+351 912 345 678", "type": "WORK"}]}]}}),
    ("Answer to a comment, in private", {"type": "text", "text": "12 euros", "reply_to_id": ID}),
    ("Answer to a comment, for all to see", {"type": "comment", "text": "We wrote to you.",
                                             "reply_to_id": ID}),
    ("Share of a post", {"type": "share", "share": {"media_id": "17900000000000001"}}),
    *((f"Interactive: {name}", {"type": "interactive", "interactive": body})
      for name, body in INTERACTIVE),
]  # fmt: skip


def page(item: object) -> dict[str, object]:
    """A last page with one item."""
    return {"results": [item], "next": None}
