"""The messaging networks: one folder each, one line each in `PROVIDERS`."""

from channels.providers.contract import Provider
from channels.providers.instagram.provider import INSTAGRAM
from channels.providers.whatsapp.provider import WHATSAPP

PROVIDERS: tuple[Provider, ...] = (WHATSAPP, INSTAGRAM)

_BY_KIND = {provider.kind: provider for provider in PROVIDERS}
_BY_OBJECT = {provider.webhook_object: provider for provider in PROVIDERS}


def provider_for(kind: str) -> Provider:
    """Return the provider of a channel's ``kind``. Raises `KeyError`: kinds are our own data."""
    return _BY_KIND[kind]


def provider_for_object(webhook_object: object) -> Provider | None:
    """Return the provider of a webhook body's ``object`` member, whatever that holds, or None."""
    return _BY_OBJECT.get(webhook_object) if isinstance(webhook_object, str) else None
