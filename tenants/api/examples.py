"""Examples for the schema."""

ID = "0192f0c1a2b3000000a1b2c3"
AT = "2026-03-14T09:26:53.589Z"
TENANT = {"id": ID, "slug": "acme", "name": "Acme", "status": "active", "created_at": AT}
MY_TENANT = {
    **TENANT, "status": "suspended", "role": "owner",
    "erasure": {"id": ID, "due_at": "2026-03-21T09:26:53.589Z"},
}  # fmt: skip
ACCOUNT = {
    "id": ID, "email": "ada@example.com", "name": "Ada Lovelace", "has_password": True,
    "has_second_factor": False, "created_at": AT,
}  # fmt: skip
ME = {
    "kind": "member", "id": ID, "member_id": ID, "name": "Ada", "role": "agent", "tenant": TENANT,
    "permissions": ["conversations:read_all", "messages:send"],
}  # fmt: skip
SETTINGS = {
    "reopen_hours": 72, "time_zone": "Europe/Lisbon", "language": "en",
    "retention_days": {"messages": None, "media": 365, "audit": None, "raw_deliveries": 30,
                       "events": 90},
    "email_domains": ["example.com"], "second_factor_required": True,
    "ip_allow_list": ["203.0.113.0/24"],
}  # fmt: skip
LIMITS = [
    {"name": "messages_per_day", "title": "Messages sent today", "limit": 10000, "used": 412,
     "used_is_at_least": False, "resets_at": "2026-03-15T00:00:00.000Z"},
    {"name": "seats", "title": "Active members", "limit": None, "used": 7,
     "used_is_at_least": False, "resets_at": None},
]  # fmt: skip
MEMBER = {
    "id": ID, "name": "Ada", "email": "ada@example.com", "role": "agent", "status": "active",
    "availability": "online", "team_ids": [ID], "created_at": AT,
}  # fmt: skip
ROLE = {
    "id": ID, "key": "night-shift-9f3a1c", "name": "Night shift", "description": "Answers, closes nothing",
    "is_built_in": False, "permissions": ["contacts:read", "messages:send"],
}  # fmt: skip
TEAM = {"id": ID, "name": "Billing", "created_at": AT}
INVITATION = {
    "id": ID, "email": "grace@example.com", "role": "agent", "status": "open",
    "invited_by_id": ID, "created_at": AT, "expires_at": "2026-03-21T09:26:53.589Z",
    "mailed_at": AT, "accepted_at": None,
}  # fmt: skip
KEY = {
    "id": ID, "name": "CRM sync", "scopes": ["contacts:read"], "cidrs": ["203.0.113.0/24"],
    "channel_ids": [], "created_by_id": ID, "created_at": AT, "expires_at": AT,
    "previous_until": None, "revoked_at": None, "last_used_at": None, "last_used_ip": "",
}  # fmt: skip
OPERATED = {
    **TENANT, "suspended_at": None, "limits": LIMITS,
    "entry": {"networks": ["203.0.113.0/24"], "email_domains": [], "second_factor_required": False},
    "owners": [{"id": ID, "name": "Ada", "email": "ada@example.com"}],
}  # fmt: skip
GRANT = {
    "id": ID, "email": "sam@example.net", "reason": "Ticket 4711", "granted_by": "root@example.net",
    "is_open": True, "created_at": AT, "expires_at": "2026-03-14T17:26:53.589Z", "revoked_at": None,
}  # fmt: skip
IMPERSONATION = {
    "id": ID, "email": "sam@example.net", "member_id": ID, "reason": "Ticket 4711: cannot close it",
    "is_running": True, "started_at": AT, "expires_at": "2026-03-14T09:56:53.589Z", "ended_at": None,
}  # fmt: skip
PERSON = {
    "id": ID, "email": "ada@example.com", "name": "Ada", "is_active": True, "is_staff": False,
    "is_superuser": False, "has_second_factor": True, "created_at": AT,
}  # fmt: skip
ONE_PERSON = {
    **PERSON, "tenants": [{"id": ID, "slug": "acme", "role": "owner"}], "session_count": 2,
}  # fmt: skip


def page(item: object) -> dict[str, object]:
    """A last page with one item."""
    return {"results": [item], "next": None}
