"""What may be done, by whom: permissions and the built-in roles, as data."""

from enum import StrEnum


class Permission(StrEnum):
    """``noun:verb``. A role or an API key is a set of these."""

    TENANT_READ = "tenant:read"
    TENANT_MANAGE = "tenant:manage"
    TENANT_ERASE = "tenant:erase"
    SETTINGS_MANAGE = "settings:manage"
    EXPORTS_CREATE = "exports:create"
    MEMBERS_READ = "members:read"
    MEMBERS_INVITE = "members:invite"
    MEMBERS_MANAGE = "members:manage"
    ROLES_MANAGE = "roles:manage"
    TEAMS_MANAGE = "teams:manage"
    API_KEYS_MANAGE = "api_keys:manage"
    CHANNELS_READ = "channels:read"
    CHANNELS_MANAGE = "channels:manage"
    CHANNELS_CREDENTIALS = "channels:credentials"
    TEMPLATES_MANAGE = "templates:manage"
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    CONTACTS_EXPORT = "contacts:export"
    CONTACTS_ERASE = "contacts:erase"
    CONVERSATIONS_READ_ALL = "conversations:read_all"
    CONVERSATIONS_READ_TEAM = "conversations:read_team"
    CONVERSATIONS_READ_UNASSIGNED = "conversations:read_unassigned"
    CONVERSATIONS_READ_ASSIGNED = "conversations:read_assigned"
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
    P.CONVERSATIONS_READ_TEAM, P.CONVERSATIONS_READ_UNASSIGNED, P.CONVERSATIONS_READ_ASSIGNED,
    P.EVENTS_READ,
}  # fmt: skip
_AGENT = _VIEWER | {
    P.CONTACTS_WRITE, P.CONVERSATIONS_ASSIGN, P.CONVERSATIONS_CLOSE, P.MESSAGES_SEND,
    P.MESSAGES_SEND_TEMPLATE,
}  # fmt: skip
_SUPERVISOR = _AGENT | {
    P.AUDIT_READ, P.WEBHOOKS_MANAGE, P.TEMPLATES_MANAGE, P.MEMBERS_INVITE, P.TEAMS_MANAGE,
    P.CONTACTS_EXPORT,
}  # fmt: skip
_ADMIN = _SUPERVISOR | {
    P.TENANT_MANAGE, P.SETTINGS_MANAGE, P.EXPORTS_CREATE, P.MEMBERS_MANAGE, P.ROLES_MANAGE,
    P.API_KEYS_MANAGE, P.CHANNELS_MANAGE, P.CHANNELS_CREDENTIALS, P.CONTACTS_ERASE,
}  # fmt: skip

# Each role holds all that the one before it holds. An owner also may erase the tenant, and only an
# owner makes or unmakes owners.
ROLES: dict[str, frozenset[Permission]] = {
    "viewer": frozenset(_VIEWER),
    "agent": frozenset(_AGENT),
    "supervisor": frozenset(_SUPERVISOR),
    "admin": frozenset(_ADMIN),
    "owner": frozenset(Permission),
}
RANK = {role: rank for rank, role in enumerate(ROLES)}
