"""Examples for the schema."""

ID = "0192f0c1a2b3000000a1b2c3"
AT = "2026-03-14T09:26:53.589Z"
CONNECT = {
    "kind": "whatsapp", "phone_number_id": "106540352242922", "waba_id": "102290129340398",
    "access_token": "EAA…",
}  # fmt: skip
CONNECTS = [
    ("WhatsApp", CONNECT),
    ("Instagram", {"kind": "instagram", "access_token": "IGAA…"}),
    ("Instagram through a Page", {"kind": "instagram", "page_id": "1089", "access_token": "EAA…"}),
]
WEBHOOK = {"url": f"https://hooks.example.com/webhooks/channels/{ID}", "verify_token": "9f2c…"}
SIGN_IN_BEGUN = {
    "url": "https://www.instagram.com/oauth/authorize?client_id=…&state=…", "state": "eyJ0Ijoi…",
    "expires_at": AT,
}  # fmt: skip
SIGN_IN = {
    "id": ID, "kind": "instagram", "expires_at": AT,
    "accounts": [{"id": "17841400000000011", "name": "acme.shop", "ready": True,
                  "external": {"login": "instagram", "ig_id": "17841400000000011",
                               "username": "acme.shop"}}],
}  # fmt: skip
SIGN_UP = {"code": "AQD…", "waba_id": "102290129340398", "phone_number_id": "106540352242922"}
CHANNEL = {
    "id": ID, "kind": "whatsapp", "name": "Acme Support", "status": "active", "status_reason": "",
    "status_at": AT,
    "external": {"phone_number_id": "106540352242922", "waba_id": "102290129340398",
                 "display_phone_number": "+1 555-010-0101"},
    "facts": {"quality": "GREEN", "messaging_limit": "TIER_10K"},
    "last_inbound_at": AT, "last_outbound_at": None, "health_at": None, "created_at": AT,
}  # fmt: skip
HEALTH = {
    "status": "active", "status_reason": "", "status_at": AT,
    "checks": [{"name": "token", "ok": True, "sentence": "The access token is valid."}],
    "account": {"quality_rating": "GREEN"},
    "notices": [{"topic": "phone_number_quality_update", "severity": "info", "at": AT,
                 "sentence": "The number may send to 10,000 people a day."}],
    "checked_at": AT, "last_inbound_at": AT,
    "last_outbound_at": None,
}  # fmt: skip
