"""Connecting an account: proved with the provider first, then recorded at once."""

from collections.abc import Callable
from typing import Any

import structlog

from channels.errors import (
    ChannelNotPaused,
    ChannelTaken,
    CredentialsRefused,
    ProviderUnavailable,
)
from channels.events import ChannelConnected
from channels.models import Channel, ChannelCredential
from channels.providers.contract import Accepted, ChannelBroken, Credentials, Rejected
from channels.selectors import channels_of_account, client_for, client_of, get_channel
from channels.services.addresses import claim, claim_missing, free
from channels.services.states import move, stop_sending
from channels.services.templates import sync_templates
from channels.services.tokens import Life, credential_of, life_of, seal
from channels.services.upkeep_lane import begin_upkeep
from kernel import audit, vault
from kernel.envelope import EnvelopeError
from kernel.events import emit
from kernel.mongo.doors import UniqueViolation
from kernel.mongo.transactions import run_transaction
from tenants.access import require
from tenants.permissions import Permission
from tenants.services.limits import demand_room
from tenants.services.validation import validated

log = structlog.get_logger(agentName="channel")
ADDRESSES = {"whatsapp": ("phone_number_id", "waba_id"), "instagram": ("ig_id",)}
"""By which of its ids a channel of each kind is reached."""
LEARNED = {
    "whatsapp": ("display_phone_number",),
    "instagram": ("ig_id", "scoped_id", "username", "page_name"),
}
"""What the provider's description adds to the ids."""


def connect_whatsapp(
    *, phone_number_id: str, waba_id: str, access_token: str, app_secret: str = "", name: str = ""
) -> Channel:
    """Connect a WhatsApp number by a pasted token; see ``connect_account``."""
    external = {"phone_number_id": phone_number_id, "waba_id": waba_id}
    credentials = Credentials(access_token=access_token, app_secret=app_secret)
    return connect_account(kind="whatsapp", external=external, credentials=credentials, name=name)


def connect_instagram(
    *, access_token: str, page_id: str = "", app_secret: str = "", name: str = ""
) -> Channel:
    """Connect an Instagram account by a pasted token: its own, or with ``page_id`` that of its Page."""
    external = {"login": "facebook", "page_id": page_id} if page_id else {"login": "instagram"}
    credentials = Credentials(access_token=access_token, app_secret=app_secret)
    return connect_account(kind="instagram", external=external, credentials=credentials, name=name)


def connect_account(
    *,
    kind: str,
    external: dict[str, str],
    credentials: Credentials,
    name: str = "",
    life: Life | None = None,
) -> Channel:
    """Connect an account with its token.

    Asks the provider about it (``CredentialsRefused`` or ``ProviderUnavailable`` when it does
    not vouch for it), subscribes our app to its webhooks, records the channel and reads its
    templates. ``life`` is the token's where signing in told it.
    """
    require(Permission.CHANNELS_MANAGE, Permission.CHANNELS_CREDENTIALS)
    demand_room("channels")
    client = client_for(kind, external, credentials)
    described = vouched(client.describe)
    external = learned(kind, external, described)
    life = life or life_of(kind, external, credentials)
    title = name or described.get("verified_name") or described.get("name")
    channel = Channel(kind=kind, external=external,
                      name=str(title or described.get("username") or _main_id(kind, external))[:120])  # fmt: skip
    validated(channel, exclude=("external", "health"))
    client = client_for(kind, external, credentials)  # by now it knows the account's own id
    vouched(client.subscribe)  # before the record: what arrives meanwhile waits for its owner
    try:
        run_transaction(lambda: _record(channel, credentials, life))
    except UniqueViolation as error:
        raise ChannelTaken from error
    sync_templates(channel=channel, client=client)
    return channel


def learned(kind: str, external: dict[str, str], described: dict[str, Any]) -> dict[str, str]:
    """The ids with what the description adds; raises ``CredentialsRefused`` if it is of another account."""
    told = {name: str(described[name]) for name in LEARNED[kind] if described.get(name)}
    main = ADDRESSES[kind][0]
    if external.get(main) and told.get(main, external[main]) != external[main]:
        raise CredentialsRefused("The access token belongs to another account.")
    found = {**external, **told}
    if not found.get(main):
        raise CredentialsRefused("The Page is not linked to an Instagram professional account.")
    return found


def _main_id(kind: str, external: dict[str, str]) -> str:
    return external[ADDRESSES[kind][0]]


def addresses_of(kind: str, external: dict[str, str]) -> list[tuple[str, str]]:
    """By what the provider names the account in webhooks: pairs of kind and value."""
    return [(name, external[name]) for name in ADDRESSES[kind] if external.get(name)]


def _record(channel: Channel, credentials: Credentials, life: Life) -> None:
    demand_room("channels")
    channel._state.adding = True
    channel.status, channel.status_reason = Channel.CONNECTING, ""
    channel.save(force_insert=True)
    row = ChannelCredential(channel=channel)
    seal(row, credentials, life)
    row.save(force_insert=True)
    addresses = addresses_of(channel.kind, channel.external)
    claim(channel, addresses)
    audit.record("channel.connected", channel, {"kind": [None, channel.kind]})
    emit(ChannelConnected(channel_id=channel.pk, kind=channel.kind,
                          addresses=tuple(f"{k}:{v}" for k, v in addresses)))  # fmt: skip
    move(channel, Channel.ACTIVE)
    begin_upkeep(channel)


def vouched(call: Callable[[], Any]) -> Any:
    """The answer of a provider call, or the refusal that says why there is none."""
    answer = call()
    if answer is None or isinstance(answer, Accepted | dict):
        return answer
    if isinstance(answer, ChannelBroken | Rejected):
        raise CredentialsRefused(f"{answer.title}. {answer.advice}", provider_code=answer.code)
    raise ProviderUnavailable(getattr(answer, "reason", "") or getattr(answer, "title", ""))


def reconnect(*, channel_id: str, access_token: str) -> Channel:
    """Give a channel a new token; its queue goes on in order."""
    require(Permission.CHANNELS_MANAGE, Permission.CHANNELS_CREDENTIALS)
    channel = get_channel(channel_id)
    row = credential_of(channel)  # its app stays the one that it was connected with
    secret = vault.open_field(row, "app_secret") if row else ""
    credentials = Credentials(access_token=access_token, app_secret=secret)
    return reconnect_account(channel=channel, external=channel.external, credentials=credentials)


def reconnect_account(
    *,
    channel: Channel,
    external: dict[str, str],
    credentials: Credentials,
    life: Life | None = None,
) -> Channel:
    """Give a channel a token of the same account, be it by another way of signing in.

    A channel that was broken sends again, what waited first; one that a person paused stays so.
    """
    require(Permission.CHANNELS_MANAGE, Permission.CHANNELS_CREDENTIALS)
    client = client_for(channel.kind, external, credentials)
    found = learned(channel.kind, external, vouched(client.describe))
    if _main_id(channel.kind, found) != _main_id(channel.kind, channel.external):
        raise CredentialsRefused("The access token belongs to another account.")
    life = life or life_of(channel.kind, found, credentials)
    vouched(client_for(channel.kind, found, credentials).subscribe)
    try:
        return run_transaction(lambda: _reconnect(channel.pk, found, credentials, life))
    except UniqueViolation as error:
        raise ChannelTaken from error


def _reconnect(
    channel_id: str, external: dict[str, str], credentials: Credentials, life: Life
) -> Channel:
    channel = get_channel(channel_id)
    channel.external = external
    channel.save(update_fields=["external"])
    claim_missing(channel, addresses_of(channel.kind, external))
    row = credential_of(channel) or ChannelCredential(channel=channel)
    seal(row, credentials, life)
    row.save()
    audit.record("channel.reconnected", channel, {"access_token": None})
    if channel.status != Channel.PAUSED:
        move(channel, Channel.ACTIVE)
    begin_upkeep(channel)
    return channel


def break_channel(*, channel: Channel, reason: str) -> None:
    """The provider refuses the account: stop sending, keep the queue. Idempotent."""
    if run_transaction(lambda: stop_sending(channel, reason)):
        log.warning("channel.broken", channel_id=channel.pk)


def remove_channel(*, channel_id: str) -> None:
    """Take the channel off: its address is free again, its history stays.

    The address of an account with more channels of the tenant goes over to one of them, and
    only with the last of them do the account's webhooks end.
    """
    require(Permission.CHANNELS_MANAGE)
    _unsubscribe(get_channel(channel_id))

    def body() -> None:
        channel = get_channel(channel_id)
        move(channel, Channel.REMOVED, "removed")
        free(channel)
        ChannelCredential.objects.filter(channel=channel).delete()

    run_transaction(body)


def _unsubscribe(channel: Channel) -> None:
    """Before the address is free, or the next owner's would end. What fails does not stop the removal."""
    others = [row for row in channels_of_account(channel) if row.pk != channel.pk]
    if others or credential_of(channel) is None:
        return
    try:
        outcome = client_of(channel).unsubscribe()
    except (EnvelopeError, vault.NoDataKey) as error:
        log.warning("channel.still_subscribed", channel_id=channel.pk, outcome=type(error).__name__)
        return
    if not isinstance(outcome, Accepted):
        log.warning(
            "channel.still_subscribed", channel_id=channel.pk, outcome=type(outcome).__name__
        )


def pause_channel(*, channel_id: str) -> Channel:
    """Hold the channel's sends until it is resumed; inbound goes on."""
    return _switch(channel_id, Channel.PAUSED, "paused by a member")


def resume_channel(*, channel_id: str) -> Channel:
    """Send again, what waited first; only a paused channel (``ChannelNotPaused``), because a broken one needs a token."""
    return _switch(channel_id, Channel.ACTIVE, "")


def _switch(channel_id: str, status: str, reason: str) -> Channel:
    require(Permission.CHANNELS_MANAGE)

    def body() -> Channel:
        channel = get_channel(channel_id)
        if status == Channel.ACTIVE and channel.status != Channel.PAUSED:
            raise ChannelNotPaused(f"it is {channel.status}")
        move(channel, status, reason)
        return channel

    return run_transaction(body)
