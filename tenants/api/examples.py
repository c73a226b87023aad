"""Examples for the schema."""

ID = "0192f0c1a2b3000000a1b2c3"
AT = "2026-03-14T09:26:53.589Z"
TENANT = {"id": ID, "slug": "acme", "name": "Acme", "status": "active", "created_at": AT}
ME = {
    "kind": "member", "id": ID, "member_id": ID, "name": "Ada", "role": "agent", "tenant": TENANT,
    "permissions": ["conversations:read_all", "messages:send"],
}  # fmt: skip
SETTINGS = {"reopen_hours": 72, "time_zone": "Europe/Lisbon", "language": "en"}
MEMBER = {
    "id": ID, "name": "Ada", "email": "ada@example.com", "role": "agent", "status": "active",
    "availability": "online", "created_at": AT,
}  # fmt: skip
ROLE = {"name": "viewer", "permissions": ["channels:read", "contacts:read"]}
KEY = {
    "id": ID, "name": "CRM sync", "scopes": ["contacts:read"], "cidrs": ["203.0.113.0/24"],
    "channel_ids": [], "created_by_id": ID, "created_at": AT, "expires_at": AT,
    "previous_until": None, "revoked_at": None, "last_used_at": None, "last_used_ip": "",
}  # fmt: skip


def page(item: object) -> dict[str, object]:
    """A last page with one item."""
    return {"results": [item], "next": None}
