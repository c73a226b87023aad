"""API keys: made once, shown once, revoked at once."""

import ipaddress
from datetime import datetime, timedelta

from kernel import audit
from kernel.clock import now
from kernel.events import emit
from kernel.mongo.transactions import transactional
from tenants import keys
from tenants.access import require
from tenants.errors import ApiKeyNotFound, InvalidFields, PermissionDenied, ScopeTooWide
from tenants.events import ApiKeyCreated, ApiKeyRevoked
from tenants.models import ApiKey
from tenants.permissions import Permission
from tenants.services.validation import validated

LONGEST = timedelta(days=366)


@transactional
def create_api_key(
    *,
    name: str,
    scopes: list[str],
    expires_at: datetime | None = None,
    cidrs: list[str] | None = None,
) -> tuple[ApiKey, str]:
    """A key with at most its maker's permissions; returns it and its text, which is not kept.

    A key cannot make keys: only members do.
    """
    principal = require(Permission.API_KEYS_MANAGE)
    if principal.kind == "api_key":
        raise PermissionDenied("a key cannot make keys", missing=["member"])
    too_wide = sorted(set(scopes) - set(principal.permissions))
    if too_wide:
        raise ScopeTooWide(f"you do not hold {', '.join(too_wide)}", scopes=too_wide)
    _check(expires_at, cidrs or [])
    secret = keys.new_secret()
    key = ApiKey(name=name, scopes=sorted(set(scopes)), cidrs=cidrs or [], expires_at=expires_at,
                 digest=keys.digest(secret), created_by_id=principal.member_id)  # fmt: skip
    validated(key, exclude=("scopes", "cidrs", "created_by"))
    key.save(force_insert=True)
    audit.record("api_key.created", key, {"scopes": [None, key.scopes]})
    emit(ApiKeyCreated(api_key_id=key.pk))
    return key, keys.render(key.pk, secret)


@transactional
def revoke_api_key(*, key_id: str) -> None:
    """End a key; its next request is refused."""
    require(Permission.API_KEYS_MANAGE)
    key = ApiKey.objects.filter(pk=key_id).first()
    if key is None:
        raise ApiKeyNotFound
    if key.revoked_at is None:
        key.revoked_at = now()
        key.save(update_fields=["revoked_at"])
        audit.record("api_key.revoked", key)
        emit(ApiKeyRevoked(api_key_id=key.pk))


def _check(expires_at: datetime | None, cidrs: list[str]) -> None:
    if expires_at is not None and not now() < expires_at <= now() + LONGEST:
        raise InvalidFields(errors=[{"field": "expires_at", "code": "invalid",
                                     "detail": "between now and a year from now"}])  # fmt: skip
    for cidr in cidrs:
        try:
            ipaddress.ip_network(cidr, strict=False)
        except ValueError as error:
            problem = {"field": "cidrs", "code": "invalid", "detail": f"{cidr!r} is not a network"}
            raise InvalidFields(errors=[problem]) from error
