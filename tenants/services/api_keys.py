"""API keys: made once, shown once, rotated with an overlap, revoked at once."""

import ipaddress
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NoReturn

from kernel import audit
from kernel.clock import iso, now
from kernel.events import emit
from kernel.mongo.transactions import transactional
from tenants import keys
from tenants.access import Principal, require
from tenants.confines import CONFINABLE, unknown_channels
from tenants.errors import (
    ApiKeyEnded,
    ApiKeyNotFound,
    InvalidFields,
    PermissionDenied,
    RotationOpen,
    ScopeTooWide,
)
from tenants.events import ApiKeyCreated, ApiKeyRevoked, ApiKeyRotated
from tenants.models import ApiKey
from tenants.models.api_key import LONGEST
from tenants.permissions import Permission
from tenants.services.validation import validated

USUAL = timedelta(days=90)
USUAL_OVERLAP_S = 24 * 3600
LONGEST_OVERLAP_S = 30 * 24 * 3600


@transactional
def create_api_key(
    *,
    name: str,
    scopes: list[str],
    expires_at: datetime | None = None,
    cidrs: list[str] | None = None,
    channel_ids: list[str] | None = None,
) -> tuple[ApiKey, str]:
    """A key with at most its maker's permissions; returns it and its text, which is not kept.

    It ends after 90 days unless ``expires_at`` says otherwise, within a year. With ``channel_ids``
    it keeps to those channels. A key cannot make keys: only members do.
    """
    principal = _member()
    _check_scopes(principal, scopes)
    _check_confined(scopes, channel_ids or [])
    secret = keys.new_secret()
    key = ApiKey(
        name=name, scopes=sorted(set(scopes)), cidrs=_networks(cidrs or []), expires_at=_end(expires_at),
        channel_ids=sorted(set(channel_ids or [])), digest=keys.digest(secret),
        created_by_id=principal.member_id,
    )  # fmt: skip
    validated(key, exclude=("scopes", "cidrs", "channel_ids", "created_by"))
    key.save(force_insert=True)
    audit.record("api_key.created", key, {
        "scopes": [None, key.scopes], "cidrs": [None, key.cidrs],
        "channel_ids": [None, key.channel_ids], "expires_at": [None, iso(key.ends_at)],
    })  # fmt: skip
    emit(ApiKeyCreated(api_key_id=key.pk))
    return key, keys.render(key.pk, secret)


@transactional
def rotate_api_key(
    *, key_id: str, overlap_s: int = USUAL_OVERLAP_S, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A new secret for a key; the one before holds for ``overlap_s`` more seconds, never past its own end.

    Whoever rotates a key answers for it from then on: it is theirs, so it needs to hold no more than
    they do. Raises ``RotationOpen`` while two secrets hold already.
    """
    principal = _member()
    key = _get(key_id)
    if key.has_ended:
        raise ApiKeyEnded
    if key.is_rotating:
        raise RotationOpen(until=iso(key.previous_until))
    _check_scopes(principal, key.scopes)
    secret, ended, maker = keys.new_secret(), key.ends_at, key.created_by_id
    key.previous_digest = key.digest
    key.previous_until = min(now() + timedelta(seconds=overlap_s), ended)
    key.digest, key.expires_at = keys.digest(secret), _end(expires_at)
    key.created_by_id = principal.member_id
    key.save(
        update_fields=["digest", "previous_digest", "previous_until", "expires_at", "created_by"]
    )
    audit.record("api_key.rotated", key, {
        "previous_until": [None, iso(key.previous_until)],
        "expires_at": [iso(ended), iso(key.ends_at)],
        "created_by": [maker, key.created_by_id],
    })  # fmt: skip
    emit(ApiKeyRotated(api_key_id=key.pk))
    return key, keys.render(key.pk, secret)


@transactional
def revoke_api_key(*, key_id: str) -> None:
    """End a key and all its secrets; its next request is refused."""
    require(Permission.API_KEYS_MANAGE)
    end_key(_get(key_id))


def end_key(key: ApiKey) -> None:
    """The end of a key, recorded; in the transaction of whoever has checked that it may be."""
    if key.revoked_at is None:
        key.revoked_at = now()
        key.save(update_fields=["revoked_at"])
        audit.record("api_key.revoked", key)
        emit(ApiKeyRevoked(api_key_id=key.pk))


def _member() -> Principal:
    """Whoever acts, if they may make keys and are a member: a key must have somebody to end with."""
    principal = require(Permission.API_KEYS_MANAGE)
    if principal.kind == "api_key" or not principal.member_id:
        raise PermissionDenied("only members make keys", missing=["member"])
    return principal


def _get(key_id: str) -> ApiKey:
    key = ApiKey.objects.filter(pk=key_id).first()
    if key is None:
        raise ApiKeyNotFound
    return key


def _check_scopes(principal: Principal, scopes: Collection[str]) -> None:
    too_wide = sorted(set(scopes) - set(principal.permissions))
    if too_wide:
        raise ScopeTooWide(f"you do not hold {', '.join(too_wide)}", scopes=too_wide)


def _check_confined(scopes: Collection[str], channel_ids: Collection[str]) -> None:
    if unknown := unknown_channels(channel_ids):
        _refuse("channel_ids", "unknown", f"no such channel: {', '.join(unknown)}")
    if channel_ids and (others := sorted(set(scopes) - CONFINABLE)):
        _refuse("scopes", "not_of_a_channel",
                f"a key that keeps to channels cannot hold {', '.join(others)}")  # fmt: skip


def _end(expires_at: datetime | None) -> datetime:
    if expires_at is None:
        return now() + USUAL
    if not now() < expires_at <= now() + LONGEST:
        _refuse("expires_at", "invalid", "between now and a year from now")
    return expires_at


def _networks(cidrs: list[str]) -> list[str]:
    """The networks in their usual form: ``10.1.2.3/8`` is ``10.0.0.0/8``."""
    found = []
    for cidr in cidrs:
        try:
            found.append(str(ipaddress.ip_network(cidr, strict=False)))
        except ValueError:
            _refuse("cidrs", "invalid", f"{cidr!r} is not a network")
    return sorted(set(found))


def _refuse(field: str, code: str, detail: str) -> NoReturn:
    raise InvalidFields(errors=[{"field": field, "code": code, "detail": detail}])
