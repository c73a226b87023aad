"""An invitation's link in a real browser: a newcomer signs up there, proves the address and accepts."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from accounts.tests.callers import mailed_code
from accounts.tests.conftest import verified_addresses  # noqa: F401  (a fixture)
from tenants.models import Membership
from tenants.services.invitations import KIND, invite
from tests import factories
from tests.backoffice.test_browser import _look, phone, site  # noqa: F401  (fixtures)
from tests.inbound import work_off

LINK = re.compile(r"/invitations/accept#token=(\S+)")


def _invited(world: Any, email: str) -> str:
    with factories.inside(world):
        invite(email=email, role="agent")
    work_off(KIND)
    found = [LINK.search(str(m.body)) for m in mail.outbox if email in m.to]
    assert found and found[-1]
    return found[-1].group(1)


def test_the_page_says_nothing_of_the_token_and_keeps_nothing() -> None:
    page = Client().get("/invitations/accept")
    assert page.status_code == 200
    assert (page["Referrer-Policy"], page["Cache-Control"]) == ("no-referrer", "no-store")
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert re.findall(rb'src="([^"]+)"', page.content) == [b"/static/tenants/invitation.js"]
    assert Client().post("/invitations/accept").status_code == 405


@pytest.mark.browser
def test_a_newcomer_signs_up_from_the_link_and_is_a_member(
    world: Any, site: str, phone: Any, verified_addresses: None  # noqa: F811
) -> None:  # fmt: skip
    email = f"new-{factories.digits(6)}@example.test"
    token = _invited(world, email)
    phone.goto(f"{site}/invitations/accept#token={token}")
    phone.wait_for_selector("#sign-in:not([hidden])")
    assert token not in phone.url
    _look(phone, "invitation-sign-in")
    phone.click("text=I have no account yet")
    phone.fill("#sign-up [name=name]", "Noa New")
    phone.fill("#sign-up [name=email]", email)
    phone.fill("#sign-up [name=password]", "a long and lonely phrase")
    _look(phone, "invitation-sign-up")
    phone.click("#sign-up button:not([type])")
    phone.wait_for_selector("#code:not([hidden])")
    phone.fill("#code [name=code]", mailed_code(email))
    phone.click("#code button")
    phone.wait_for_selector("#accept:not([hidden])")
    assert email in phone.inner_text("#said")
    phone.click("#accept button:not([type])")
    phone.wait_for_selector("#app:not([hidden])")
    _look(phone, "invitation-accepted")
    assert world.tenant.name in phone.inner_text("#said")
    with factories.inside(world):
        member = Membership.objects.get(user_id=User.objects.get(email=email).pk)
    assert member.role == "agent"
    phone.goto(f"{site}/invitations/accept#token={token}")
    phone.reload()
    phone.wait_for_selector("#accept:not([hidden])")
    phone.click("#accept button:not([type])")
    phone.wait_for_selector("[role=alert]")
    assert "member already" in phone.inner_text("#said") or "was used" in phone.inner_text("#said")


@pytest.mark.browser
def test_somebody_else_is_told_that_it_is_not_theirs(
    world: Any, site: str, phone: Any  # noqa: F811
) -> None:  # fmt: skip
    token = _invited(world, f"new-{factories.digits(6)}@example.test")
    other = factories.person()
    other.set_password("a long and lonely phrase")
    other.save()
    other.emailaddress_set.create(email=other.email, verified=True, primary=True)
    phone.goto(f"{site}/invitations/accept#token={token}")
    phone.fill("#sign-in [name=email]", other.email)
    phone.fill("#sign-in [name=password]", "a long and lonely phrase")
    phone.click("#sign-in button:not([type])")
    phone.click("#accept button:not([type])")
    phone.wait_for_selector("[role=alert]")
    assert "another address" in phone.inner_text("#said")
    phone.click("text=Use another account")
    phone.wait_for_selector("#sign-in:not([hidden])")
