"""The one function that makes keys for caches, locks, streams, throttles and storage paths."""

from kernel.scoping.context import active_tenant_id


def tenant_key(*parts: str) -> str:
    """``t:<tenant>:<part>:…``; raises without a tenant. A colon inside a part is escaped, so keys are injective."""
    return ":".join(("t", active_tenant_id(), *(escape(part) for part in parts)))


def tenant_path(*parts: str) -> str:
    """A storage path under the tenant's own folder."""
    return "/".join((active_tenant_id(), *parts))


def escape(part: str) -> str:
    """A part without the separator; ``%`` is escaped too, so that two parts never meet."""
    return part.replace("%", "%25").replace(":", "%3A")
