"""Profiles, comments and menus, against a server that answers as Meta does."""

import pytest

from channels.providers.contract import (
    Accepted,
    ChannelBroken,
    Rejected,
    Throttled,
    Unknown,
)
from channels.providers.instagram.tests.conftest import ACCOUNT, BY_INSTAGRAM, DANA, client_of
from channels.providers.meta.tests.server import Meta

# ------------------------------------------------------------------------------- profiles


def test_profile(meta: Meta) -> None:
    client = client_of(meta, BY_INSTAGRAM)
    meta.answer({"id": DANA, "name": None, "username": "dana.c", "is_verified_user": False})
    assert client.profile(DANA) == {"username": "dana.c", "is_verified": False}
    assert meta.asked[0] == ("GET", f"/v26.0/{DANA}")
    for code, subcode in ((230, 9010), (551, None), (100, 33), (100, 2018218), (2018247, None)):
        meta.refuse(code, subcode)
        assert client.profile(DANA) == {}
    meta.refuse(190, 463, 401)
    assert isinstance(client.profile(DANA), ChannelBroken)
    meta.refuse(4)
    assert isinstance(client.profile(DANA), Throttled)


# ------------------------------------------------------------------------------- comments


def test_comments_are_answered_hidden_and_deleted(meta: Meta) -> None:
    client = client_of(meta, BY_INSTAGRAM)
    meta.answer({"id": "18099"})
    assert client.reply_to_comment("18055", "49!") == Accepted(external_id="18099")
    assert meta.body() == {"message": "49!"}
    for hidden in (True, False):
        meta.answer({"success": True})
        assert client.hide_comment("18055", is_hidden=hidden) == Accepted(external_id="18055")
        assert meta.body() == {"hide": hidden}
    meta.answer({"success": True})
    assert client.delete_comment("18055") == Accepted(external_id="18055")
    assert [m for m, _ in meta.asked] == ["POST", "POST", "POST", "DELETE"]
    assert [p for _, p in meta.asked] == ["/v26.0/18055/replies", *["/v26.0/18055"] * 3]


def test_a_comment_that_is_gone_does_not_break_the_channel(meta: Meta) -> None:
    client = client_of(meta, BY_INSTAGRAM)
    for act in (
        lambda: client.reply_to_comment("18055", "x"),
        lambda: client.hide_comment("18055"),
        lambda: client.delete_comment("18055"),
        lambda: client.read_comment("18055"),
    ):
        meta.refuse(100, 33)
        assert isinstance(act(), Rejected)
        meta.refuse(190)
        assert isinstance(act(), ChannelBroken)
    meta.answer({})
    assert isinstance(client.reply_to_comment("18055", "x"), Unknown)
    with pytest.raises(ValueError):
        client.reply_to_comment("18055", " ")


# ------------------------------------------------------------------------- menus, templates


def test_menus_are_set_read_and_taken_away(meta: Meta) -> None:
    client = client_of(meta, BY_INSTAGRAM)
    meta.answer({"success": True})
    hours = {"question": "Opening hours?", "payload": "HOURS"}
    assert isinstance(client.set_ice_breakers([hours]), Accepted)
    assert meta.asked[0] == ("POST", f"/v26.0/{ACCOUNT}/messenger_profile")
    breakers = [{"call_to_actions": [hours], "locale": "default"}]
    assert meta.body() == {"platform": "instagram", "ice_breakers": breakers}
    meta.answer({"result": "success"})
    shop = {"title": "Shop", "url": "https://example.com"}
    assert isinstance(client.set_persistent_menu([shop]), Accepted)
    actions = [{"type": "web_url", **shop}]
    menu = [{"locale": "default", "call_to_actions": actions}]
    assert meta.body() == {"platform": "instagram", "persistent_menu": menu}
    meta.answer({"data": [{"ice_breakers": breakers, "persistent_menu": menu}]})
    assert client.menus() == {"ice_breakers": [hours], "persistent_menu": [shop]}
    meta.answer({"data": []})
    assert client.menus() == {"ice_breakers": [], "persistent_menu": []}
    for clear, name in (
        (client.set_ice_breakers, "ice_breakers"),
        (client.set_persistent_menu, "persistent_menu"),
    ):
        meta.answer({"success": True})
        assert isinstance(clear([]), Accepted)
        assert meta.asked[-1][0] == "DELETE"
        assert meta.body() == {"platform": "instagram", "fields": [name]}
    meta.refuse(200)
    assert isinstance(client.menus(), ChannelBroken)


def test_instagram_has_no_templates(meta: Meta) -> None:
    assert client_of(meta, BY_INSTAGRAM).templates() == []
    assert meta.requests == []
