"""Facts of the Channel Integration agent."""

from dataclasses import dataclass

from kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class ChannelConnected(Event):
    type = "channel.connected"
    channel_id: str
    kind: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ChannelStatusChanged(Event):
    type = "channel.status_changed"
    channel_id: str
    status: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ChannelAlerted(Event):
    """The tenant's owners are told, once for each occasion. ``topic`` is ``broken`` or ``token_ends``."""

    type = "channel.alerted"
    channel_id: str
    topic: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class ChannelNoticed(Event):
    """News of an account, once for all channels on it. ``facts`` names what changed in their records.

    ``severity`` is info, warning or critical; ``sentence`` is for people.
    """

    type = "channel.noticed"
    channel_ids: tuple[str, ...]
    topic: str
    severity: str
    sentence: str
    facts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class MenuChanged(Event):
    """What customers are offered to tap was changed through us: ``ice_breakers`` or ``persistent_menu``."""

    type = "channel.menu_changed"
    channel_id: str
    menu: str


@dataclass(frozen=True, kw_only=True)
class TemplateChanged(Event):
    """A template's status, quality, category or components (``what``) changed at the provider.

    Once for the whole account. ``template_ids`` is empty for one that the next sync brings.
    """

    type = "template.changed"
    channel_ids: tuple[str, ...]
    template_ids: tuple[str, ...]
    what: str
    external_id: str
    name: str
    language: str
    value: str
    previous: str


@dataclass(frozen=True, kw_only=True)
class TemplatesDrifted(Event):
    """The daily look found templates that were not as we had been told; they are as the provider's now.

    ``differences`` names the first 20 as ``what:name:language``; ``unreadable`` counts entries that
    could not be read.
    """

    type = "templates.drifted"
    channel_ids: tuple[str, ...]
    count: int
    unreadable: int
    differences: tuple[str, ...]
