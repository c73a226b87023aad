"""Which refusals of the API are entries of the audit log: what one may not do, and what is not there.

An id of another tenant and one that nobody has are the same refusal, so they are the same entry.
"""

from functools import partial
from typing import Any

import structlog

from accounts.errors import ProofRequired
from kernel.actor import Actor, acting_as
from kernel.audit.refusals import REFUSED, afterwards, note_refusal
from kernel.errors import DomainError
from kernel.scoping.context import outside_scope, tenant_scope
from tenants.errors import BadApiKey, TenantSuspended
from tenants.reads import target_of
from tenants.sign_ins import note_refused_tenant

log = structlog.get_logger(agentName="auth")


def note(error: DomainError, request: Any) -> None:
    """Note ``error`` if it refuses access; ``request`` is Django's."""
    if error.status not in (401, 403, 404) or isinstance(error, TenantSuspended):
        return
    if isinstance(error, BadApiKey) and error.key is not None:
        _note_key(error, request, *error.key)
    elif getattr(request, "principal", None) is not None:
        if error.status != 401 or isinstance(error, ProofRequired):
            _note_here(error, request)
    elif getattr(request, "person", None) is not None and error.status != 401:
        named = request.headers.get("X-Tenant", "")
        note_refused_tenant(request.person, request, named, code=error.code)


def _note_here(error: DomainError, request: Any) -> None:
    principal = request.principal
    log.info("access.refused", code=error.code, method=request.method, actor_id=principal.id)
    afterwards(request, partial(note_refusal, REFUSED, target_of(request.path), code=error.code))


def _note_key(error: BadApiKey, request: Any, tenant_id: str, key_id: str) -> None:
    """A key that exists and does not open: its tenant should know."""
    log.info("access.refused", code=error.code, tenantId=tenant_id, api_key_id=key_id)
    actor = Actor(kind="api_key", id=key_id, ip=request.client_ip, request_id=request.request_id)
    note = partial(note_refusal, "api_key.refused", ("api_key", key_id), code=error.code)
    with outside_scope(), tenant_scope(tenant_id), acting_as(actor):
        afterwards(request, note)
