"""What an archive carries, what never leaves, and what is particular to a collection when it is taken in."""

from typing import Any

from kernel.archive.order import Model, in_order
from kernel.archive.taking import Rules
from kernel.archive.walk import Path

# Everything else is carried. A new model with secrets belongs in here; a test looks at names.
LEFT_OUT: dict[str, str] = {
    "archives.ContactErasure": "what this installation did",
    "archives.Export": "what this installation did",
    "archives.RetentionRun": "what this installation did",
    "channels.ChannelAlert": "mails of this installation",
    "channels.ChannelCredential": "credentials never leave; a channel is connected anew",
    "channels.ChannelSignIn": "tokens never leave",
    "kernel.AuditTally": "refusals of this installation, not chained yet",
    "kernel.FeedState": "carried in the manifest",
    "kernel.IdempotencyKey": "answers kept for a day",
    "kernel.Reaction": "work of this installation",
    "kernel.TenantKey": "keys never leave",
    "messaging.DeliveryCheck": "work of this installation",
    "messaging.ReadReceipt": "work of this installation",
    "tenants.ApiKey": "keys never leave; new ones are made",
    "tenants.Impersonation": "what this installation's staff did",
    "tenants.Invitation": "links of this installation; people are invited anew",
    "tenants.InvitationMail": "mails of this installation, with links that open",
    "tenants.StaffGrant": "whom a superuser of this installation lets in",
    "tenants.Usage": "counted anew, of what is taken in",
}
SEALED = "kernel.AuditEntry"  # carried, and kept by the new tenant as the origin's, beside its own
NOT_ROWS = {
    "raw webhook deliveries": "they may hold other tenants' items; each item is in webhook_events"
}

OWN_FILES = ("media_id", "attachment_id")
RULES: dict[str, Rules] = {
    "channels.Channel": Rules(blank=("health", "health_at", "facts_at")),
    "conversations.Conversation": Rules(documents={"last_message": ("id",)}),
    "kernel.DomainEvent": Rules(documents={"data": None, "actor": None}),
    "messaging.Attachment": Rules(paths=("path", "thumbnail_path"),
                                  blank=("provider_id", "source_url")),
    "crm.ContactIdentity": Rules(ids=("scope",)),
    "messaging.Lookup": Rules(documents={"person": ("scope",)}),
    "messaging.Message": Rules(documents={"content": OWN_FILES}, ids=("external_id",)),
    "messaging.MessageUpdate": Rules(documents={"detail": OWN_FILES}, ids=("external_id",)),
    "tenants.Membership": Rules(documents={"team_ids": None}),
    "tenants.TenantSettings": Rules(blank=("email_domains", "ip_allow_list")),
}  # fmt: skip

_EVENTS = Path((("tenantId", 1), ("number", 1)))


def carried() -> tuple[Model, ...]:
    """The models of an archive, those that refer before those that are referred to.

    Written in this order each reference has its target, because that is read later; they are
    taken in the other way round.
    """
    return tuple(m for m in reversed(in_order()) if m._meta.label not in LEFT_OUT)


def rules_of(model: Model) -> Rules:
    return RULES.get(model._meta.label, Rules())


def walked(model: Model) -> dict[str, Any]:
    """Options of the walk over a model whose index holds only some of its rows."""
    if model._meta.label == "kernel.DomainEvent":  # those without a number are not facts yet
        return {"along": _EVENTS, "where": {"number": {"$gt": 0}}}
    if model._meta.label == SEALED:
        return {"where": {"seq": {"$gt": 0}}}
    return {}
