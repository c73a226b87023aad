"""Ice breakers and the persistent menu, at their limits and past them."""

from collections.abc import Callable
from typing import Any

import pytest

from channels.providers.contract import InvalidMessage
from channels.providers.instagram.menus import ice_breakers_body, persistent_menu_body

QUESTION = {"question": "Opening hours?", "payload": "HOURS"}
ITEM = {"title": "Talk to us", "payload": "HUMAN"}


def refused(compose: Callable[[Any], object], given: Any) -> tuple[str, int | None]:
    with pytest.raises(InvalidMessage) as caught:
        compose(given)
    return caught.value.field, caught.value.limit


def test_ice_breakers() -> None:
    body = ice_breakers_body([QUESTION] * 4)
    assert len(body["ice_breakers"][0]["call_to_actions"]) == 4
    assert refused(ice_breakers_body, [QUESTION] * 5) == ("ice_breakers", 4)
    assert refused(ice_breakers_body, []) == ("ice_breakers", 4)
    assert ice_breakers_body([QUESTION | {"question": "x" * 80}])
    long = [QUESTION, QUESTION | {"question": "x" * 81}]
    assert refused(ice_breakers_body, long) == ("ice_breakers[1].question", 80)
    assert refused(ice_breakers_body, [{"question": "?"}]) == ("ice_breakers[0].payload", 1000)
    assert ice_breakers_body([QUESTION | {"payload": "x" * 1000}])
    heavy = [QUESTION | {"payload": "x" * 1001}]
    assert refused(ice_breakers_body, heavy) == ("ice_breakers[0].payload", 1000)


def test_persistent_menu() -> None:
    body = persistent_menu_body([ITEM] * 5)
    assert body["persistent_menu"][0]["call_to_actions"][0] == {"type": "postback", **ITEM}
    assert refused(persistent_menu_body, [ITEM] * 6) == ("persistent_menu", 5)
    assert refused(persistent_menu_body, []) == ("persistent_menu", 5)
    assert persistent_menu_body([ITEM | {"title": "x" * 30}])
    long = [ITEM | {"title": "x" * 31}]
    assert refused(persistent_menu_body, long) == ("persistent_menu[0].title", 30)
    link = [{"title": "Shop", "url": "example.com"}]
    assert refused(persistent_menu_body, link) == ("persistent_menu[0].url", None)
