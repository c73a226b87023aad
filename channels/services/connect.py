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
from channels.events import ChannelConnected, ChannelStatusChanged
from channels.models import Channel, ChannelCredential
from channels.providers.contract import Accepted, ChannelBroken, Credentials, Rejected
from channels.selectors import client_for, forget_familiar, get_channel, hold_reason
from channels.services.addresses import claim, free
from channels.services.templates import sync_templates
from kernel import audit, vault, work
from kernel.clock import now
from kernel.events import emit
from kernel.mongo.doors import UniqueViolation
from kernel.mongo.transactions import on_commit, run_transaction
from kernel.scoping import active_tenant_id
from tenants.access import require
from tenants.permissions import Permission
from tenants.services.validation import validated

log = structlog.get_logger(agentName="channel")


def connect_whatsapp(
    *, phone_number_id: str, waba_id: str, access_token: str, app_secret: str = "", name: str = ""
) -> Channel:
    """Connect a WhatsApp number by a pasted token.

    Asks the provider about the number (``CredentialsRefused`` or
    ``ProviderUnavailable`` when it does not vouch for it), subscribes our app to
    its webhooks, records the channel and reads its templates.
    """
    require(Permission.CHANNELS_MANAGE, Permission.CHANNELS_CREDENTIALS)
    external = {"phone_number_id": phone_number_id, "waba_id": waba_id}
    credentials = Credentials(access_token=access_token, app_secret=app_secret)
    client = client_for("whatsapp", external, credentials)
    described = _vouched(client.describe)
    external["display_phone_number"] = str(described.get("display_phone_number", ""))
    channel = Channel(kind="whatsapp", external=external,
                      name=name or str(described.get("verified_name", "")) or phone_number_id)  # fmt: skip
    validated(channel, exclude=("external", "health"))
    addresses = [("phone_number_id", phone_number_id), ("waba_id", waba_id)]
    _vouched(client.subscribe)  # before the record: what arrives meanwhile waits for its owner
    try:
        run_transaction(lambda: _record(channel, credentials, addresses))
    except UniqueViolation as error:
        raise ChannelTaken from error
    sync_templates(channel=channel, client=client)
    return channel


def _record(channel: Channel, credentials: Credentials, addresses: list[tuple[str, str]]) -> None:
    channel._state.adding = True
    channel.status = Channel.ACTIVE
    channel.save(force_insert=True)
    row = ChannelCredential(channel=channel)
    _seal(row, credentials)
    row.save(force_insert=True)
    claim(channel, addresses)
    audit.record("channel.connected", channel, {"kind": [None, channel.kind]})
    emit(ChannelConnected(channel_id=channel.pk, kind=channel.kind,
                          addresses=tuple(f"{k}:{v}" for k, v in addresses)))  # fmt: skip


def _seal(row: ChannelCredential, credentials: Credentials) -> None:
    row.access_token = vault.seal_field(row, "access_token", credentials.access_token)
    row.app_secret = vault.seal_field(row, "app_secret", credentials.app_secret)
    row.updated_at = now()


def _vouched(call: Callable[[], Any]) -> Any:
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
    credentials = Credentials(access_token=access_token)
    _vouched(client_for(channel.kind, channel.external, credentials).describe)
    return run_transaction(lambda: _reconnect(channel_id, credentials))


def _reconnect(channel_id: str, credentials: Credentials) -> Channel:
    channel = get_channel(channel_id)
    row = ChannelCredential.objects.get(channel=channel)
    row.access_token = vault.seal_field(row, "access_token", credentials.access_token)
    row.updated_at = now()
    row.save(update_fields=["access_token", "updated_at"])
    audit.record("channel.reconnected", channel, {"access_token": None})
    set_status(channel, Channel.ACTIVE, "")
    return channel


def set_status(channel: Channel, status: str, reason: str) -> None:
    """Change the state inside the caller's transaction; a channel that sends again releases its lanes."""
    if (channel.status, channel.status_reason) == (status, reason):
        return
    before, could_send = channel.status, channel.sends
    channel.status, channel.status_reason, channel.status_at = status, reason[:300], now()
    channel.save(update_fields=["status", "status_reason", "status_at"])
    audit.record(
        "channel.status_changed", channel, {"status": [before, status]}, reason=reason[:200]
    )
    emit(ChannelStatusChanged(channel_id=channel.pk, status=status, reason=reason))
    on_commit(lambda: forget_familiar(channel.pk))
    if channel.sends and not could_send:
        tenant = active_tenant_id()
        on_commit(lambda: _release(channel, tenant))


def _release(channel: Channel, tenant_id: str) -> None:
    work.release_held(hold_reason(channel), tenant_id=tenant_id)


def break_channel(*, channel: Channel, reason: str) -> None:
    """The provider refuses the account: stop sending, keep the queue. Idempotent."""

    def body() -> None:
        fresh = Channel.objects.get(pk=channel.pk)
        if fresh.sends:
            set_status(fresh, Channel.BROKEN, reason)

    run_transaction(body)
    log.warning("channel.broken", channel_id=channel.pk)


def remove_channel(*, channel_id: str) -> None:
    """Take the channel off: its address is free again, its history stays.

    The address of an account with more channels of the tenant goes over to one of them.
    """
    require(Permission.CHANNELS_MANAGE)

    def body() -> None:
        channel = get_channel(channel_id)
        set_status(channel, Channel.REMOVED, "removed")
        free(channel)
        ChannelCredential.objects.filter(channel=channel).delete()

    run_transaction(body)


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
        set_status(channel, status, reason)
        return channel

    return run_transaction(body)
