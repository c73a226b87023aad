"""What customers are offered to tap before they write: kept at the provider alone, so nothing here can be out of date."""

from collections.abc import Callable, Sequence
from typing import Any

from channels.errors import InvalidMenu, MenusUnsupported
from channels.events import MenuChanged
from channels.models import Channel
from channels.providers.abilities import OffersMenus
from channels.providers.contract import InvalidMessage, Outcome
from channels.selectors import client_of, get_channel
from channels.services.asking import answered
from kernel import audit
from kernel.events import emit
from kernel.mongo.transactions import run_transaction
from tenants.access import require
from tenants.permissions import Permission

Json = dict[str, Any]
ICE_BREAKERS, PERSISTENT_MENU = "ice_breakers", "persistent_menu"


def read_menus(*, channel_id: str) -> Json:
    """Both menus as the provider has them now. Raises ``MenusUnsupported`` for other kinds of channels."""
    require(Permission.CHANNELS_READ)
    found: Json = answered(_client(get_channel(channel_id)).menus())
    return found


def set_ice_breakers(*, channel_id: str, questions: Sequence[Json]) -> Json:
    """Offer these questions, ``{"question", "payload"}``; none takes them away. Both menus as they are then.

    Raises ``InvalidMenu`` with the field and the limit, before the provider is asked.
    """
    channel, client = _changed(channel_id)
    return _set(channel, client, ICE_BREAKERS, lambda: client.set_ice_breakers(questions))


def set_persistent_menu(*, channel_id: str, items: Sequence[Json]) -> Json:
    """Offer these items, ``{"title", "payload" | "url"}``; none takes the menu away. As ``set_ice_breakers``."""
    channel, client = _changed(channel_id)
    return _set(channel, client, PERSISTENT_MENU, lambda: client.set_persistent_menu(items))


def _changed(channel_id: str) -> tuple[Channel, OffersMenus]:
    require(Permission.CHANNELS_MANAGE)
    channel = get_channel(channel_id)
    return channel, _client(channel)


def _client(channel: Channel) -> OffersMenus:
    client = client_of(channel)
    if not isinstance(client, OffersMenus):
        raise MenusUnsupported(f"{channel.kind} has none")
    return client


def _set(channel: Channel, client: OffersMenus, menu: str, change: Callable[[], Outcome]) -> Json:
    """Ask, then record; what is answered is read back, as the provider understood it."""
    try:
        answered(change())
    except InvalidMessage as error:
        problem = {"field": error.field, "code": "invalid", "detail": error.message}
        extra = {"limit": error.limit} if error.limit is not None else {}
        raise InvalidMenu(error.message, errors=[problem], **extra) from error
    run_transaction(lambda: _record(channel, menu))
    found: Json = answered(client.menus())
    return found


def _record(channel: Channel, menu: str) -> None:
    audit.record("channel.menu_changed", channel, {menu: None})
    emit(MenuChanged(channel_id=channel.pk, menu=menu))
