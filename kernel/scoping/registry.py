"""What the data layer knows of each collection: who owns it, and whether its rows may change."""

from functools import cache

from django.apps import apps

# Models without a tenant. Nothing else may be global; AGENTS.md repeats this list.
GLOBAL_MODELS: dict[str, str] = {
    "accounts.User": "a person may belong to several tenants",
    "accounts.SignInMark": "counts and used codes of whoever signs in",
    "account.EmailAddress": "belongs to a person",
    "account.EmailConfirmation": "belongs to a person",
    "mfa.Authenticator": "belongs to a person",
    "socialaccount.SocialAccount": "belongs to a person",
    "socialaccount.SocialApp": "the installation's sign-in providers",
    "socialaccount.SocialToken": "belongs to a person",
    "usersessions.UserSession": "belongs to a person",
    "sessions.Session": "a browser's session",
    "auth.Group": "Django's own; not used for tenant roles",
    "auth.Permission": "Django's own; not used for tenant roles",
    "admin.LogEntry": "Django's own; staff actions are audited per tenant beside it",
    "contenttypes.ContentType": "Django's own",
    "tenants.Tenant": "its id is the tenant id",
    "tenants.AccountEntry": "on its way from a person into the logs of all their tenants",
    "channels.ChannelAddress": "finds the tenant that owns a provider's address",
    "channels.FormerAddress": "tells whose an old raw webhook is; an address moves between tenants",
    "webhooks.WebhookDelivery": "raw webhooks before they are routed; one may mix tenants",
    "kernel.Lane": "which lane is due is asked across tenants; carries ids only",
    "kernel.LaneMark": "a wake-up on its way to a lane; carries ids only",
    "kernel.Canary": "liveness of each queue",
    "kernel.PlatformKey": "seals what belongs to a person",
    "archives.Import": "begins before its tenant exists; belongs to a person",
    "archives.Erasure": "its certificate outlives the tenant; ids, counts and hashes only",
}


@cache
def owned_models() -> dict[str, type]:
    """Collection name → model, for every collection that belongs to tenants."""
    from kernel.scoping.models import TenantModel

    return {m._meta.db_table: m for m in apps.get_models(include_auto_created=True)
            if issubclass(m, TenantModel)}  # fmt: skip


@cache
def immutable_collections() -> frozenset[str]:
    """Collections whose rows are written once."""
    return frozenset(name for name, m in owned_models().items() if getattr(m, "immutable", False))


def is_owned(collection: str) -> bool:
    """Whether a collection belongs to tenants. Before the apps are ready nothing is known to."""
    return apps.models_ready and collection in owned_models()
