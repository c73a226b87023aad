"""What unfold asks for on every page: the sidebar, the tenant's name in the header."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from config.backoffice.scope import chosen_tenant

Item = tuple[str, str, str]
GROUPS: tuple[tuple[str, tuple[Item, ...]], ...] = (
    ("Conversations", (
        ("Conversations", "forum", "conversations_conversation_changelist"),
        ("Contacts", "contacts", "crm_contact_changelist"),
        ("Channels", "cell_tower", "channels_channel_changelist"),
    )),
    ("Inbound", (
        ("Find a message", "search", "find"),
        ("Inbound items", "move_to_inbox", "webhooks_webhookevent_changelist"),
        ("Raw deliveries", "data_object", "webhooks_webhookdelivery_changelist"),
    )),
    ("Work", (
        ("Overview of work", "monitoring", "work"),
        ("Deliveries", "outbox", "messaging_delivery_changelist"),
        ("Attachments", "attach_file", "messaging_attachment_changelist"),
        ("Subscribers' turns", "hub", "kernel_reaction_changelist"),
        ("Read receipts", "done_all", "messaging_readreceipt_changelist"),
        ("Second looks", "help", "messaging_deliverycheck_changelist"),
        ("Alerts", "notifications", "channels_channelalert_changelist"),
        ("Invitation mails", "mail", "tenants_invitationmail_changelist"),
        ("Provider look-ups", "travel_explore", "messaging_lookup_changelist"),
        ("Exports", "archive", "archives_export_changelist"),
        ("Erasures of contacts", "person_remove", "archives_contacterasure_changelist"),
        ("Retention runs", "auto_delete", "archives_retentionrun_changelist"),
    )),
    ("Access", (
        ("Members", "group", "tenants_membership_changelist"),
        ("API keys", "key", "tenants_apikey_changelist"),
        ("Support access", "support_agent", "tenants_staffgrant_changelist"),
        ("Impersonations", "theater_comedy", "tenants_impersonation_changelist"),
    )),
    ("Record", (
        ("Events", "timeline", "kernel_domainevent_changelist"),
        ("Audit log", "gavel", "kernel_auditentry_changelist"),
    )),
)  # fmt: skip


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The chosen tenant's pages; without one only what is above tenants."""
    tenant = chosen_tenant(request)
    tenants = _item("Tenants", "apartment", "tenants_tenant_changelist")
    queues = _item("Queues", "stacks", "queues")
    items = [tenants, queues]
    if getattr(request.user, "is_superuser", False):
        items.append(_item("Erasures of tenants", "delete_forever", "archives_erasure_changelist"))
    platform = {"title": "Platform", "separator": True, "items": items}
    if tenant is None:
        choose = _item("Choose a tenant", "swap_horiz", "choose_tenant")
        return [{"title": "", "items": [choose]}, platform]
    switch = _item("Switch tenant", "swap_horiz", "choose_tenant")
    first = {"title": tenant.name, "items": [_item("Overview", "dashboard", "index"), switch]}
    groups = [
        {"title": title, "items": [_item(*item) for item in items]} for title, items in GROUPS
    ]
    return [first, *groups, platform]


def _item(title: str, icon: str, name: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse(f"admin:{name}")}


def environment(request: HttpRequest) -> list[str] | None:
    """The label in the header: whose data this is."""
    tenant = chosen_tenant(request) if hasattr(request, "session") else None
    if tenant is None:
        return None
    return [tenant.slug, "success" if tenant.status == tenant.ACTIVE else "danger"]


def stylesheet(request: HttpRequest) -> str:
    return static("backoffice/backoffice.css")


def account(request: HttpRequest) -> list[dict[str, Any]]:
    """The links of the person's own menu."""
    return [{"title": "Switch tenant", "link": reverse("admin:choose_tenant")}]
