"""What a customer is offered to tap: ice breakers before the first word, and the persistent menu.

Both live in the account's ``messenger_profile`` and come back as `PressedButton` with the payload.
"""

from collections.abc import Sequence
from typing import Any

from channels.providers.contract import InvalidMessage, Outcome
from channels.providers.instagram import limits
from channels.providers.instagram.interactive import button, checked
from channels.providers.instagram.login import Account
from channels.providers.meta.access import as_objects, as_text
from channels.providers.meta.graph import Graph

Json = dict[str, Any]

ICE_BREAKERS, PERSISTENT_MENU = "ice_breakers", "persistent_menu"
_PLATFORM = {"platform": "instagram"}


def ice_breakers_body(questions: Sequence[Json]) -> Json:
    """Return the request for up to four ``{"question", "payload"}``. Raises `InvalidMessage`."""
    _check_count(ICE_BREAKERS, questions, limits.ICE_BREAKERS)
    actions = [
        {
            "question": checked(f"{ICE_BREAKERS}[{i}]", one, "question", limits.ELEMENT_TITLE),
            "payload": checked(f"{ICE_BREAKERS}[{i}]", one, "payload", limits.PAYLOAD),
        }
        for i, one in enumerate(questions)
    ]
    return _PLATFORM | {ICE_BREAKERS: [{"call_to_actions": actions, "locale": "default"}]}


def persistent_menu_body(items: Sequence[Json]) -> Json:
    """Return the request for up to five buttons, as `interactive.py` describes them.

    Raises `InvalidMessage`.
    """
    _check_count(PERSISTENT_MENU, items, limits.MENU_ITEMS)
    actions = [
        button(f"{PERSISTENT_MENU}[{i}]", one, limits.MENU_TITLE) for i, one in enumerate(items)
    ]
    return _PLATFORM | {PERSISTENT_MENU: [{"locale": "default", "call_to_actions": actions}]}


def read_menus(graph: Graph, account: Account) -> Json | Outcome:
    """Return ``{"ice_breakers": [{"question", "payload"}], "persistent_menu": [button]}``."""
    answer = graph.write("GET", account.node, "messenger_profile", params=_fields())
    if not isinstance(answer, dict):
        return answer
    rows = as_objects(answer, "data") or [answer]
    return {
        ICE_BREAKERS: [_shown(one, "question", "payload") for one in _actions(rows, ICE_BREAKERS)],
        PERSISTENT_MENU: [
            _shown(one, "title", "payload", "url") for one in _actions(rows, PERSISTENT_MENU)
        ],
    }


def write_menu(graph: Graph, account: Account, body: Json) -> Outcome:
    """Replace what ``body`` names; clients of customers may show the old one for a while."""
    return graph.confirm(account.node, "POST", account.node, "messenger_profile", json=body)


def clear_menu(graph: Graph, account: Account, name: str) -> Outcome:
    """Take away the ``ice_breakers`` or the ``persistent_menu``."""
    body = _PLATFORM | {"fields": [name]}
    return graph.confirm(account.node, "DELETE", account.node, "messenger_profile", json=body)


def _check_count(field: str, given: Sequence[Any], limit: int) -> None:
    if not given:
        raise InvalidMessage(field, "Give at least one.", limit=limit)
    if len(given) > limit:
        raise InvalidMessage(field, f"At most {limit}.", limit=limit)


def _fields() -> dict[str, str]:
    return _PLATFORM | {"fields": f"{ICE_BREAKERS},{PERSISTENT_MENU}"}


def _actions(rows: list[Json], name: str) -> list[Json]:
    """The actions of the default locale, or of the first there is."""
    locales = [locale for row in rows for locale in as_objects(row, name)]
    default = [one for one in locales if as_text(one, "locale") in ("", "default")]
    return as_objects(next(iter(default or locales), {}), "call_to_actions")


def _shown(action: Json, *names: str) -> Json:
    return {name: text for name in names if (text := as_text(action, name))}
