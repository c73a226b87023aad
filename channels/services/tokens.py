"""A channel's token: sealed with what is known of its life, renewed before it ends, its end told in time."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from channels.errors import CredentialsRefused
from channels.meta_apps import app_for, login_of
from channels.models import Channel, ChannelCredential
from channels.providers.contract import (
    Accepted,
    ChannelBroken,
    Client,
    Credentials,
    NotSent,
    Rejected,
    Throttled,
    Transient,
    Unknown,
)
from channels.providers.instagram import tokens as instagram_tokens
from channels.providers.instagram.login import FACEBOOK
from channels.providers.meta.inspection import Inspection, inspect_token
from channels.services.alerts import raise_alert
from kernel import audit, vault
from kernel.clock import now
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.rows import find_one
from kernel.mongo.transactions import run_transaction

log = structlog.get_logger(agentName="channel")
TOLD_BEFORE = timedelta(days=7)
SPREAD_DAYS = 3
NEEDED = {
    ("whatsapp", FACEBOOK): ("whatsapp_business_messaging", "whatsapp_business_management"),
    ("instagram", FACEBOOK): ("instagram_basic", "instagram_manage_messages"),
    ("instagram", "instagram"): (
        "instagram_business_basic",
        "instagram_business_manage_messages",
    ),
}
"""Without these a channel cannot do its work, whatever else it was granted."""


@dataclass(frozen=True, kw_only=True)
class Life:
    """When a token was issued and ends; without an end it lasts until it is revoked."""

    issued_at: datetime | None = None
    expires_at: datetime | None = None

    @classmethod
    def lasting(cls, seconds: int) -> "Life":
        """Of a token that was issued just now."""
        return cls(issued_at=now(), expires_at=now() + timedelta(seconds=seconds))

    @classmethod
    def untold(cls) -> "Life":
        """Of a pasted token of Instagram Login, whose end nobody tells: renewed as soon as it can be."""
        return cls(issued_at=now(), expires_at=now() + instagram_tokens.MARGIN)


def inspected(kind: str, external: dict[str, str], credentials: Credentials) -> Inspection | None:
    """What the provider tells of a token; None where it tells nothing."""
    login = login_of(kind, external)
    if login != FACEBOOK:
        return None
    app = app_for(kind, login)
    app_id = external.get(app.id_name) or app.app_id
    return inspect_token(credentials.access_token, app_id=app_id,
                         app_secret=app.sign(credentials).app_secret, endpoint=app.endpoint)  # fmt: skip


def life_of(kind: str, external: dict[str, str], credentials: Credentials) -> Life:
    """The token's life; raises ``CredentialsRefused`` if it lacks a permission that is needed."""
    if login_of(kind, external) != FACEBOOK:
        return Life.untold()
    known = inspected(kind, external, credentials)
    if known is None:
        return Life()
    demand(kind, FACEBOOK, known.scopes)
    return Life(issued_at=known.issued_at, expires_at=known.expires_at)


def demand(kind: str, login: str, granted: Iterable[str]) -> None:
    """Raise ``CredentialsRefused`` naming the permissions that were not granted."""
    given = set(granted)
    if missing := [scope for scope in NEEDED[kind, login] if scope not in given]:
        raise CredentialsRefused(
            f"The access token lacks {' and '.join(missing)}.", missing=missing
        )


def seal(row: ChannelCredential, credentials: Credentials, life: Life) -> None:
    """Put a token into its row, with the secret of the app that it belongs to unless that is ours."""
    row.access_token = vault.seal_field(row, "access_token", credentials.access_token)
    row.app_secret = vault.seal_field(row, "app_secret", credentials.app_secret)
    row.issued_at, row.expires_at, row.updated_at = life.issued_at, life.expires_at, now()


def credential_of(channel: Channel) -> ChannelCredential | None:
    """The row with the channel's secrets; None once it is removed."""
    return find_one(ChannelCredential, {"channel_id": ObjectId(channel.pk)})


def renew(channel: Channel, client: Client) -> ChannelBroken | None:
    """Renew the token if its time has come; returns why the provider no longer takes it, if so."""
    row = credential_of(channel)
    if row is None or not is_due(channel, row):
        return None
    answer = client.refresh_token()
    if isinstance(answer, ChannelBroken):
        return answer
    if answer is None or isinstance(
        answer, Accepted | Rejected | Throttled | Transient | NotSent | Unknown
    ):
        log.warning("token.unrenewed", channel_id=channel.pk, outcome=type(answer).__name__)
        return None
    life, token = Life.lasting(answer.expires_in), Credentials(access_token=answer.access_token)
    run_transaction(lambda: _replace(channel, row, token, life))
    return None


def is_due(channel: Channel, row: ChannelCredential) -> bool:
    """Whether to renew now: tokens that were issued together are not renewed together."""
    if row.issued_at is None or row.expires_at is None:
        return False
    spread = timedelta(days=zlib.crc32(channel.pk.encode()) % SPREAD_DAYS)
    at = now()
    due_at = row.expires_at - instagram_tokens.MARGIN + spread
    return at - row.issued_at >= instagram_tokens.EARLIEST and due_at <= at < row.expires_at


def _replace(channel: Channel, row: ChannelCredential, token: Credentials, life: Life) -> None:
    """Unless somebody connected the channel again meanwhile: theirs is the newer token."""
    sealed = vault.seal_field(row, "access_token", token.access_token)
    mine = {**owner(), "_id": ObjectId(row.pk), "access_token": row.access_token}
    fields = {"access_token": sealed, "issued_at": life.issued_at, "expires_at": life.expires_at,
              "updated_at": now()}  # fmt: skip
    if collection(ChannelCredential).update_one(mine, {"$set": fields}).matched_count:
        audit.record("channel.token_renewed", channel, {"access_token": None})


def note_life(channel: Channel, life: Life) -> None:
    """Keep what the provider now says of the token's end."""
    mine = {**owner(), "channel_id": ObjectId(channel.pk)}
    fields = {"issued_at": life.issued_at, "expires_at": life.expires_at}
    collection(ChannelCredential).update_one(mine, {"$set": fields})


def tell_end(channel: Channel) -> None:
    """Tell the owners once of a token that ends within days and that nobody but them can renew."""
    row = credential_of(channel)
    if row is None or row.expires_at is None or row.expires_at > now() + TOLD_BEFORE:
        return
    end = row.expires_at
    sentence = f"The access token of {channel.name} ends on {end:%Y-%m-%d %H:%M} UTC."
    run_transaction(lambda: raise_alert(channel, f"token:{end:%Y-%m-%d}", "token_ends", sentence))
