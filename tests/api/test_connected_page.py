"""Coming back from a provider's dialog: what was begun here is completed once, by who began it; nothing leaks."""

import re
from typing import Any

import pytest
from django.test import Client

from channels.models import Channel, ChannelSignIn
from channels.tests.facebook import Hosts
from channels.tests.instagram_accounts import by_instagram
from tests import factories
from tests.api.caller import Caller, code_of
from tests.api.conftest import member, signed_in

PAGE = "/channels/connected"


@pytest.fixture
def hosts(hosts: Hosts) -> Hosts:
    by_instagram(hosts, factories.digits(17))
    return hosts


def begin(caller: Caller) -> str:
    begun = caller.post("channels/sign-ins/instagram", {"login": "instagram"}).json()
    return str(begun["state"])


def shown(state: str, code: str = "AQBcode", client: Client | None = None, **more: str) -> Any:
    given = {"state": state, "code": code, **more}
    return (client or Client()).get(PAGE, {name: value for name, value in given.items() if value})


def complete(caller: Caller, state: str, code: str = "AQBcode") -> Any:
    return caller.post("channels/sign-ins/instagram/complete", {"state": state, "code": code})


def test_the_page_holds_what_the_api_needs_and_sends_nothing_away(
    owner: Caller, hosts: Hosts, world: Any
) -> None:
    state = begin(owner)
    page = shown(state, "AQB<code>&", owner.client)
    assert page.status_code == 200
    assert (page["Referrer-Policy"], page["Cache-Control"]) == ("no-referrer", "no-store")
    assert "script-src 'self'" in page["Content-Security-Policy"]
    html = page.content.decode()
    assert f'data-state="{state}"' in html
    assert 'data-code="AQB&lt;code&gt;&amp;"' in html
    assert f'data-tenant="{world.tenant.pk}"' in html
    assert re.findall(r'src="([^"]+)"', html) == ["/static/channels/connected.js"]
    assert page.cookies["csrftoken"].value


@pytest.mark.parametrize(
    "why", ["no state", "no code", "forged", "another's signature", "too long"]
)
def test_what_was_not_begun_here_is_refused_and_not_shown(
    owner: Caller, hosts: Hosts, why: str
) -> None:
    state = begin(owner)
    given = {
        "no state": ("", "c"), "no code": (state, ""), "forged": (state[:-2], "c"),
        "another's signature": ("<script>alert(1)</script>", "c"), "too long": (state, "c" * 2001),
    }[why]  # fmt: skip
    page = shown(*given)
    assert page.status_code == 400
    assert "Nothing was connected" in page.content.decode()
    assert not any(word in page.content for word in (b"data-state", b"<script", b"cccc"))


def test_who_gave_no_access_is_told_so(owner: Caller, hosts: Hosts) -> None:
    page = shown(begin(owner), "", error="access_denied", error_description="<b>no</b>")
    assert (page.status_code, b"did not give access" in page.content) == (200, True)
    assert b"<b>no" not in page.content


def test_the_page_changes_nothing_by_being_looked_at(
    owner: Caller, hosts: Hosts, world: Any
) -> None:
    shown(begin(owner), client=owner.client)
    assert hosts.calls("POST", "/codes/oauth/access_token") == []
    with factories.inside(world):
        assert not ChannelSignIn.objects.exists()
    assert Client().post(PAGE).status_code == 405


def test_a_state_serves_once(owner: Caller, hosts: Hosts, world: Any) -> None:
    state = begin(owner)
    assert complete(owner, state).status_code == 201
    again = complete(owner, state, "another-code")
    assert (again.status_code, code_of(again)) == (422, "sign_in_state_invalid")
    assert len(hosts.calls("POST", "/codes/oauth/access_token")) == 1
    with factories.inside(world):
        assert (ChannelSignIn.objects.count(), Channel.objects.count()) == (1, 0)


@pytest.mark.parametrize("who", ["another member", "another tenant"])
def test_a_state_serves_nobody_else(
    owner: Caller, hosts: Hosts, world: Any, new_tenant: Any, who: str
) -> None:
    other = new_tenant()
    caller = (
        member(world, "admin")[0]
        if who == "another member"
        else signed_in(other.user, other.tenant)
    )
    refused = complete(caller, begin(owner))
    assert (refused.status_code, code_of(refused)) == (422, "sign_in_state_invalid")
    assert hosts.calls("POST", "/codes/oauth/access_token") == []


def test_a_code_that_the_provider_refuses_leaves_the_state_for_another_try(
    owner: Caller, hosts: Hosts
) -> None:
    state = begin(owner)
    hosts.let("POST", "/codes/oauth/access_token", (400, {"error_type": "OAuthException", "code": 400,
                                                          "error_message": "used"}))  # fmt: skip
    refused = complete(owner, state)
    assert code_of(refused) == "sign_in_refused"
    by_instagram(hosts, factories.digits(17))
    assert complete(owner, state).status_code == 201


def test_the_api_wants_the_pages_token(world: Any, hosts: Hosts) -> None:
    caller = signed_in(world.user, world.tenant, csrf=True)
    state = signed_in(world.user, world.tenant)
    begun = begin(state)
    refused = complete(caller, begun)
    assert refused.status_code == 403
    page = shown(begun, client=caller.client)
    token = re.search(r'data-csrf="([^"]+)"', page.content.decode())
    assert token is not None
    caller.headers["X_CSRFToken"] = token[1]
    assert complete(caller, begun).status_code == 201
