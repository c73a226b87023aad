"""Signing in by every way, from consent to a channel; what was not begun here is refused."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from channels.errors import (
    AppNotConfigured,
    ChannelTaken,
    CredentialsRefused,
    PinNeeded,
    SignInNotFound,
    SignInRefused,
    StateInvalid,
)
from channels.models import Channel, ChannelAddress, ChannelCredential, ChannelSignIn
from channels.services import signin
from channels.services.connect import break_channel, remove_channel
from channels.services.health import test_channel as ask_provider
from channels.services.signin import (
    begin_instagram,
    complete_instagram,
    complete_whatsapp,
    connect_signed_in,
)
from channels.tests.instagram_accounts import LIFE_S, PAGE, by_instagram, by_page
from kernel import vault
from kernel.clock import now
from kernel.models import AuditEntry, DomainEvent
from kernel.scoping.context import outside_scope
from tests import factories

SCOPES = ["whatsapp_business_messaging", "whatsapp_business_management"]


@pytest.fixture
def ig_id():
    return factories.digits(17)


def token_of(channel):
    row = ChannelCredential.objects.get(channel=channel)
    return vault.open_field(row, "access_token"), row


def secrets_told():
    rows = [
        *AuditEntry.objects.values(),
        *DomainEvent.objects.values(),
        *ChannelSignIn.objects.values(),
    ]
    return [word for word in ("IGAA", "EAA") if word in str(rows)]


def test_instagram_by_its_own_login(hosts, ig_id, settings):
    by_instagram(hosts, ig_id)
    begun = begin_instagram(login="instagram")
    asked = parse_qs(urlsplit(begun.url).query)
    assert begun.url.startswith(f"{hosts.url}/dialog/oauth/authorize?")
    assert (asked["state"], asked["client_id"]) == ([begun.state], [settings.META_INSTAGRAM_APP_ID])
    assert asked["redirect_uri"] == [settings.META_REDIRECT_URL]
    row = complete_instagram(state=begun.state, code="AQBcode#_")
    (exchange,) = hosts.calls("POST", "/codes/oauth/access_token")
    assert (exchange["code"], exchange["client_secret"]) == (
        "AQBcode",
        settings.META_INSTAGRAM_APP_SECRET,
    )
    channel = connect_signed_in(sign_in_id=row.pk, account_id=ig_id)
    assert (channel.kind, channel.status, channel.name) == ("instagram", "active", "acme.shop")
    assert channel.external == {"login": "instagram", "ig_id": ig_id, "scoped_id": "99",
                                "username": "acme.shop", "instagram_app_id": settings.META_INSTAGRAM_APP_ID}  # fmt: skip
    token, kept = token_of(channel)
    assert token == "IGAAlasting"
    assert abs(kept.expires_at - now() - timedelta(seconds=LIFE_S)) < timedelta(minutes=1)
    assert len(hosts.calls("POST", f"/ig/{ig_id}/subscribed_apps")) == 1
    assert ChannelAddress.objects.get(value=ig_id).channel_id == channel.pk
    assert secrets_told() == []


def test_instagram_through_a_page(hosts, ig_id):
    by_page(hosts, ig_id)
    row = complete_instagram(state=begin_instagram(login="facebook").state, code="c")
    assert [one["id"] for one in row.accounts] == [ig_id]
    channel = connect_signed_in(sign_in_id=row.pk, account_id=ig_id, name="Ours")
    assert (channel.name, channel.external["page_id"], channel.external["login"]) == (
        "Ours",
        PAGE,
        "facebook",
    )
    assert token_of(channel)[0] == "EAApage"
    (subscribed,) = hosts.calls("POST", f"/fb/{PAGE}/subscribed_apps")
    assert subscribed["appsecret_proof"]
    assert secrets_told() == []


def test_a_broken_channel_goes_on_with_what_a_sign_in_gave(hosts, ig_id):
    by_page(hosts, ig_id)
    by_instagram(hosts, ig_id)
    first = complete_instagram(state=begin_instagram(login="facebook").state, code="c")
    channel = connect_signed_in(sign_in_id=first.pk, account_id=ig_id)
    break_channel(channel=channel, reason="The password was changed.")
    again = complete_instagram(state=begin_instagram(login="instagram").state, code="c")
    same = connect_signed_in(sign_in_id=again.pk, account_id=ig_id)
    assert (same.pk, same.status) == (channel.pk, "active")
    kept = Channel.objects.get()
    assert (kept.external["login"], "page_id" in kept.external) == ("instagram", False)
    assert token_of(kept)[0] == "IGAAlasting"


def test_a_state_serves_only_who_began_and_only_for_a_while(hosts, ig_id, new_tenant, monkeypatch):
    by_instagram(hosts, ig_id)
    begun = begin_instagram(login="instagram")
    with outside_scope(), factories.inside(new_tenant()):
        with pytest.raises(StateInvalid):
            complete_instagram(state=begun.state, code="c")
    for wrong in (begun.state[:-1] + "x", "", begun.state.replace(":", "", 1)):
        with pytest.raises(StateInvalid):
            complete_instagram(state=wrong, code="c")
    monkeypatch.setattr(signin, "STATE_S", -1)
    with pytest.raises(StateInvalid):
        complete_instagram(state=begun.state, code="c")
    assert hosts.asked == []
    assert ChannelSignIn.objects.count() == 0


def test_a_sign_in_is_its_makers_alone_and_ends(hosts, ig_id, new_tenant):
    by_instagram(hosts, ig_id)
    row = complete_instagram(state=begin_instagram(login="instagram").state, code="c")
    with outside_scope(), factories.inside(new_tenant()):
        with pytest.raises(SignInNotFound):
            connect_signed_in(sign_in_id=row.pk, account_id=ig_id)
    with pytest.raises(SignInNotFound):
        connect_signed_in(sign_in_id=row.pk, account_id="1")
    ChannelSignIn.objects.update(expires_at=now())
    with pytest.raises(SignInNotFound):
        connect_signed_in(sign_in_id=row.pk, account_id=ig_id)
    assert Channel.objects.count() == 0


def test_a_sign_in_without_the_permission_for_messages_is_refused(hosts, ig_id):
    by_instagram(hosts, ig_id)
    granted = {"access_token": "IGAAshort", "permissions": ["instagram_business_basic"]}
    hosts.let("POST", "/codes/oauth/access_token", granted)
    with pytest.raises(CredentialsRefused, match="lacks instagram_business_manage_messages"):
        complete_instagram(state=begin_instagram(login="instagram").state, code="c")


def test_a_used_code_and_a_missing_app_are_said(hosts, ig_id, settings):
    used = {"error_type": "OAuthException", "code": 400, "error_message": "used"}
    hosts.let("POST", "/codes/oauth/access_token", (400, {"error": used}))
    with pytest.raises(SignInRefused):
        complete_instagram(state=begin_instagram(login="instagram").state, code="c")
    settings.META_INSTAGRAM_APP_ID = ""
    with pytest.raises(AppNotConfigured):
        begin_instagram(login="instagram")


def test_an_account_of_another_tenant_is_refused(hosts, ig_id, new_tenant):
    by_instagram(hosts, ig_id)
    with outside_scope(), factories.inside(new_tenant()):
        row = complete_instagram(state=begin_instagram(login="instagram").state, code="c")
        theirs = connect_signed_in(sign_in_id=row.pk, account_id=ig_id)
    row = complete_instagram(state=begin_instagram(login="instagram").state, code="c")
    with pytest.raises(ChannelTaken):
        connect_signed_in(sign_in_id=row.pk, account_id=ig_id)
    assert Channel.objects.count() == 0
    assert ChannelAddress.objects.get(value=ig_id).channel_id == theirs.pk


# ------------------------------------------------------------------ WhatsApp's embedded sign-up


@pytest.fixture
def waba(hosts):
    """An account of two numbers, of which the second is not registered."""
    id_, numbers = factories.digits(15), [factories.digits(15), factories.digits(15)]
    nodes = [{"id": n, "verified_name": f"Acme {i}", "display_phone_number": f"+1 555 010 01{i}",
              "status": "PENDING" if i else "CONNECTED", "quality_rating": "GREEN"}
             for i, n in enumerate(numbers)]  # fmt: skip
    granular = [{"scope": scope, "target_ids": [id_]} for scope in SCOPES]
    hosts.let("GET", "/fb/oauth/access_token", {"access_token": "EAAbusiness"})
    hosts.let("GET", "/fb/debug_token", {"data": {
        "is_valid": True, "expires_at": 0, "scopes": SCOPES, "granular_scopes": granular}})  # fmt: skip
    hosts.let("GET", f"/fb/{id_}/phone_numbers", {"data": nodes})
    hosts.let("POST", f"/fb/{id_}/subscribed_apps", {"success": True})
    hosts.let("DELETE", f"/fb/{id_}/subscribed_apps", {"success": True})
    hosts.let("GET", f"/fb/{id_}/message_templates", {"data": []})
    for node in nodes:
        hosts.let("GET", f"/fb/{node['id']}", node)
        hosts.let("POST", f"/fb/{node['id']}/register", {"success": True})
    return id_, numbers


def test_a_sign_up_lists_the_granted_numbers_and_connects_one(hosts, waba, settings):
    _, (first, second) = waba
    row = complete_whatsapp(code="AQD")
    (exchange,) = hosts.calls("GET", "/fb/oauth/access_token")
    assert (exchange["client_id"], exchange["code"]) == (settings.META_APP_ID, "AQD")
    assert [(one["id"], one["ready"]) for one in row.accounts] == [(first, True), (second, False)]
    channel = connect_signed_in(sign_in_id=row.pk, account_id=first)
    assert (channel.name, channel.status) == ("Acme 0", "active")
    assert ChannelAddress.objects.filter(channel_id=channel.pk).count() == 2
    assert token_of(channel)[0] == "EAAbusiness"
    assert hosts.calls("POST", f"/fb/{first}/register") == []
    assert secrets_told() == []


def test_a_number_that_is_not_registered_needs_a_pin(hosts, waba):
    id_, (_, second) = waba
    row = complete_whatsapp(code="AQD", waba_id=id_, phone_number_id=second)
    assert [one["id"] for one in row.accounts] == [second]
    with pytest.raises(PinNeeded):
        connect_signed_in(sign_in_id=row.pk, account_id=second)
    assert Channel.objects.count() == 0
    hosts.let(
        "POST", f"/fb/{second}/register", (400, {"error": {"code": 133005, "message": "PIN"}})
    )
    with pytest.raises(CredentialsRefused):
        connect_signed_in(sign_in_id=row.pk, account_id=second, pin="000000")
    assert Channel.objects.count() == 0
    hosts.let("POST", f"/fb/{second}/register", {"success": True})
    connect_signed_in(sign_in_id=row.pk, account_id=second, pin="123456")
    registered = hosts.calls("POST", f"/fb/{second}/register")[-1]
    assert (registered["pin"], registered["messaging_product"]) == ("123456", "whatsapp")
    assert "123456" not in str(list(AuditEntry.objects.values()))


def test_a_sign_up_that_covers_another_account_is_refused(hosts, waba):
    with pytest.raises(SignInRefused, match="does not cover"):
        complete_whatsapp(code="AQD", waba_id="42")
    with pytest.raises(SignInRefused, match="no account"):
        complete_whatsapp(code="AQD", phone_number_id="42")
    assert ChannelSignIn.objects.count() == 0


def test_the_last_channel_of_an_account_ends_its_webhooks(hosts, waba, new_tenant):
    id_, (first, second) = waba
    row = complete_whatsapp(code="AQD")
    mine = [
        connect_signed_in(sign_in_id=row.pk, account_id=n, pin="123456") for n in (first, second)
    ]
    with outside_scope(), factories.inside(new_tenant()):
        theirs = complete_whatsapp(code="AQD")
        with pytest.raises(ChannelTaken):
            connect_signed_in(sign_in_id=theirs.pk, account_id=first)
    remove_channel(channel_id=mine[0].pk)
    assert hosts.calls("DELETE", f"/fb/{id_}/subscribed_apps") == []
    remove_channel(channel_id=mine[1].pk)
    assert len(hosts.calls("DELETE", f"/fb/{id_}/subscribed_apps")) == 1


def test_a_sign_up_against_the_simulator(live):
    given = live.simulator.numbers.pop()
    phone = given["phone_number_id"]
    live.simulator.do(
        "tokens", action="add", token="EAAgranted", phone_number_ids=[phone], code="AQDsim"
    )
    row = complete_whatsapp(code="AQDsim", phone_number_id=phone)
    channel = connect_signed_in(sign_in_id=row.pk, account_id=phone)
    assert (channel.status, channel.external["waba_id"]) == ("active", given["waba_id"])
    assert channel.name == given["verified_name"]
    _, checks = ask_provider(channel_id=channel.pk)
    assert [check for check in checks if not check.ok] == []
    with pytest.raises(SignInRefused):
        complete_whatsapp(code="AQDsim", phone_number_id=phone)
