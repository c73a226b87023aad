"""What may be done, by whom: permissions and the built-in roles, as data."""

from enum import StrEnum


class Permission(StrEnum):
    """``noun:verb``. A role or an API key is a set of these."""

    TENANT_READ = "tenant:read"
    TENANT_MANAGE = "tenant:manage"
    MEMBERS_READ = "members:read"
    MEMBERS_MANAGE = "members:manage"
    API_KEYS_MANAGE = "api_keys:manage"
    CHANNELS_READ = "channels:read"
    CHANNELS_MANAGE = "channels:manage"
    CHANNELS_CREDENTIALS = "channels:credentials"
    TEMPLATES_MANAGE = "templates:manage"
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    CONVERSATIONS_READ_ALL = "conversations:read_all"
    CONVERSATIONS_ASSIGN = "conversations:assign"
    CONVERSATIONS_CLOSE = "conversations:close"
    MESSAGES_SEND = "messages:send"
    MESSAGES_SEND_TEMPLATE = "messages:send_template"
    EVENTS_READ = "events:read"
    WEBHOOKS_MANAGE = "webhooks:manage"
    AUDIT_READ = "audit:read"


P = Permission

_VIEWER = {
    P.TENANT_READ, P.MEMBERS_READ, P.CHANNELS_READ, P.CONTACTS_READ, P.CONVERSATIONS_READ_ALL,
    P.EVENTS_READ,
}  # fmt: skip
_AGENT = _VIEWER | {
    P.CONTACTS_WRITE, P.CONVERSATIONS_ASSIGN, P.CONVERSATIONS_CLOSE, P.MESSAGES_SEND,
    P.MESSAGES_SEND_TEMPLATE,
}  # fmt: skip
_SUPERVISOR = _AGENT | {P.AUDIT_READ, P.WEBHOOKS_MANAGE, P.TEMPLATES_MANAGE}
_ADMIN = _SUPERVISOR | {
    P.TENANT_MANAGE, P.MEMBERS_MANAGE, P.API_KEYS_MANAGE, P.CHANNELS_MANAGE, P.CHANNELS_CREDENTIALS,
}  # fmt: skip

# Each role holds all that the one before it holds; what sets an owner apart is not a permission
# but the rule that only an owner makes or unmakes owners.
ROLES: dict[str, frozenset[Permission]] = {
    "viewer": frozenset(_VIEWER),
    "agent": frozenset(_AGENT),
    "supervisor": frozenset(_SUPERVISOR),
    "admin": frozenset(_ADMIN),
    "owner": frozenset(Permission),
}
RANK = {role: rank for rank, role in enumerate(ROLES)}
