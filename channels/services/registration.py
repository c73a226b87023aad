"""Registering a WhatsApp number, without which it cannot send."""

from channels.errors import PinNeeded
from channels.meta_apps import app_for
from channels.providers.contract import Credentials
from channels.providers.instagram.login import FACEBOOK
from channels.providers.whatsapp.client import WhatsAppClient
from channels.services.connect import vouched


def register_number(
    external: dict[str, str], credentials: Credentials, *, pin: str, is_ready: bool
) -> None:
    """Register with the PIN; one that is ready needs none. Raises ``PinNeeded`` or ``CredentialsRefused``.

    Meta allows ten registrations of a number in 72 hours, so a number that can send already is
    registered only if a PIN is given.
    """
    if not pin:
        if is_ready:
            return
        raise PinNeeded
    app = app_for("whatsapp", FACEBOOK)
    client = WhatsAppClient(external, app.sign(credentials), app.endpoint)
    vouched(lambda: client.register(pin))
