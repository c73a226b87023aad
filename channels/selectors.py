"""Reads of the Channel Integration agent."""

import time
from collections.abc import Collection, Iterable

from django.conf import settings
from django.db.models import QuerySet

from channels.errors import ChannelNotFound, TemplateNotFound, TemplateNotSendable
from channels.meta_apps import app_for, login_of
from channels.models import Channel, ChannelAddress, ChannelCredential, MessageTemplate
from channels.providers import provider_for
from channels.providers.contract import Client, Credentials
from kernel import vault
from kernel.mongo.doors import ObjectId
from kernel.mongo.rows import find_one, find_rows
from kernel.scoping import active_tenant_id, tenant_scope
from tenants.access import allowed_channels

FAMILIAR_S = 5.0
_familiar: dict[tuple[str, str], tuple[float, Channel]] = {}


def list_channels() -> QuerySet[Channel]:
    """Connected accounts, without those that were removed; for a key that keeps to some, those."""
    rows = Channel.objects.exclude(status=Channel.REMOVED)
    return rows.filter(pk__in=kept) if (kept := allowed_channels()) else rows


def count_channels(most: int) -> int:
    """How many accounts are connected, counted no further than ``most``."""
    return len(list_channels().values_list("pk")[:most])


def get_channel(channel_id: str) -> Channel:
    """One account; raises ``ChannelNotFound``."""
    channel = Channel.objects.filter(pk=channel_id).first()
    kept = allowed_channels()
    if channel is None or channel.status == Channel.REMOVED or (kept and channel_id not in kept):
        raise ChannelNotFound
    return channel


def known_channels(channel_ids: Collection[str]) -> set[str]:
    """Those of the ids that are connected accounts of the active tenant."""
    return set(list_channels().filter(pk__in=list(channel_ids)).values_list("pk", flat=True))


def client_of(channel: Channel) -> Client:
    """A client that acts for the channel, with its credentials opened."""
    row = find_one(ChannelCredential, {"channel_id": ObjectId(channel.pk)})
    if row is None:
        raise ChannelCredential.DoesNotExist(f"channel {channel.pk} has no credentials")
    credentials = Credentials(
        access_token=vault.open_field(row, "access_token"),
        app_secret=vault.open_field(row, "app_secret"),
    )
    return client_for(channel.kind, channel.external, credentials)


def client_for(kind: str, external: dict[str, str], credentials: Credentials) -> Client:
    """A client for an account that may not be connected yet; without a secret of its own, our app's."""
    app = app_for(kind, login_of(kind, external))
    known = {app.id_name: app.app_id, **external}
    return provider_for(kind).client(known, app.sign(credentials), app.endpoint)


def is_shared(address_kind: str) -> bool:
    """Whether addresses of this kind are of an account that may hold several channels."""
    return address_kind in ChannelAddress.SHARED


def shares_address(tenant_id: str, channel_id: str, kind: str, value: str) -> bool:
    """Whether a tenant's channel belongs to the account that an address of a shared kind names."""
    if not is_shared(kind):
        return False
    with tenant_scope(tenant_id):
        channel = familiar_channels([channel_id]).get(channel_id)
    return channel is not None and channel.external.get(kind) == value


def channels_of_account(channel: Channel) -> list[Channel]:
    """The channel and those that share its account at the provider, without removed ones."""
    rows = list_channels().filter(kind=channel.kind)
    names = {(kind, channel.external.get(kind)) for kind in ChannelAddress.SHARED}
    return [row for row in rows if row.pk == channel.pk
            or any(value and row.external.get(kind) == value for kind, value in names)]  # fmt: skip


def is_own_app(channel: Channel, app_id: str) -> bool:
    """Whether the provider's name of an app is that of the one we send this channel's messages with."""
    app = app_for(channel.kind, login_of(channel.kind, channel.external))
    own = {channel.external.get(app.id_name) or app.app_id}
    if channel.kind == "instagram":  # its echoes name the Meta app, whichever way was signed in
        own.add(channel.external.get("app_id") or settings.META_APP_ID)
    return app_id != "" and app_id in own


def familiar_channels(channel_ids: Iterable[str]) -> dict[str, Channel]:
    """The tenant's channels by id, as they were at most ``FAMILIAR_S`` ago: for what hardly changes of them."""
    tenant_id, at = active_tenant_id(), time.monotonic()
    wanted = {id_: _familiar.get((tenant_id, id_)) for id_ in channel_ids}
    found = {id_: known[1] for id_, known in wanted.items() if known and known[0] > at}
    missing = [ObjectId(id_) for id_ in wanted if id_ not in found]
    for row in find_rows(Channel, {"_id": {"$in": missing}}) if missing else []:
        _familiar[tenant_id, row.pk] = (at + FAMILIAR_S, row)
        found[row.pk] = row
    return found


def forget_familiar(channel_id: str) -> None:
    """The channel was changed here: the next who asks reads it."""
    _familiar.pop((active_tenant_id(), channel_id), None)


def template_named(channel: Channel, name: str, language: str) -> MessageTemplate | None:
    """A template as last synced, or None. Raises ``TemplateNotSendable`` for one that nobody may send now."""
    found = MessageTemplate.objects.filter(channel=channel, name=name, language=language).first()
    if found is not None and not found.is_sendable:
        until = found.paused_until.isoformat() if found.paused_until else None
        raise TemplateNotSendable(f"{name} in {language} is {found.status}", status=found.status,
                                  paused_until=until)  # fmt: skip
    return found


def get_template(channel: Channel, template_id: str) -> MessageTemplate:
    """One of the channel's templates; raises ``TemplateNotFound``."""
    found = MessageTemplate.objects.filter(pk=template_id, channel=channel).first()
    if found is None:
        raise TemplateNotFound
    return found


def list_templates(channel: Channel) -> QuerySet[MessageTemplate]:
    """The channel's templates as last synced; ordered by name and language an index serves them."""
    return MessageTemplate.objects.filter(channel=channel)


def hold_reason(channel: Channel) -> str:
    """The name under which the channel's lanes are held while it cannot send."""
    return f"channel:{channel.pk}"
