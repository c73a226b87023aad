"""Examples for the schema."""

ID = "0192f0c1a2b3000000a1b2c3"
AT = "2026-03-14T09:26:53.589Z"
LATER = "2026-03-21T09:26:53.589Z"
EXPORT = {
    "id": ID, "contact_id": None, "phase": "ready", "counts": {"contacts": 2, "messages": 17},
    "file_count": 3, "size": 482304, "created_at": AT, "ready_at": AT, "expires_at": LATER,
    "url": "https://crm.example.com/api/v1/exports/content/WyIwMTky…", "error": "",
}  # fmt: skip
IMPORT = {
    "id": ID, "slug": "acme-2", "phase": "done", "tenant_id": ID, "problem": "",
    "report": {"files": 3, "members_to_invite": 6, "collections": {
        "archive": {"messages": 17}, "tenant": {"messages": 17}}},
    "created_at": AT, "finished_at": AT,
}  # fmt: skip
ERASURE = {
    "id": ID, "tenant_id": ID, "slug": "acme", "state": "waiting", "asked_at": AT, "due_at": LATER,
    "finished_at": None, "certificate": None,
}  # fmt: skip
CERTIFIED = {
    **ERASURE, "state": "done", "finished_at": LATER,
    "certificate": {"signature": "5f1c…", "body": {
        "what": "tenant", "before": {"messages": 17}, "after": {"messages": 0}}},
}  # fmt: skip
CONTACT_ERASURE = {
    "id": ID, "contact_id": ID, "state": "done", "asked_at": AT, "finished_at": AT,
    "certificate": {"signature": "5f1c…", "body": {"what": "contact", "erased": {"messages": 17}}},
}  # fmt: skip
RETENTION_RUN = {
    "id": ID, "day": "2026-03-14", "state": "done", "days": {"messages": 365},
    "removed": {"messages": 17}, "created_at": AT, "finished_at": AT,
}  # fmt: skip


def page(item: object) -> dict[str, object]:
    """A last page with one item."""
    return {"results": [item], "next": None}
