"""The pages of signing in, in a real browser of a telephone's width."""

import pytest
from allauth.mfa.models import Authenticator

from accounts.tests.test_second_factor import authenticator
from tests.backoffice.conftest import PASSWORD, staff
from tests.backoffice.test_browser import CHROMIUM, FLAGS, site  # noqa: F401  (a fixture)


def _log_in(page, user):
    page.fill("input[name=username]", user.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")


def _set_up(page):
    """Through the page of the factor and that of the recovery codes; returns these."""
    secret = page.inner_text("p code")
    assert page.locator("svg path").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.fill("input[name=code]", authenticator(secret))
    page.click("button[type=submit]")
    codes = page.locator("#recovery-codes li").all_inner_texts()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.click("text=I have kept them")
    page.wait_for_url("**/admin/choose/**")
    return codes


@pytest.mark.browser
def test_staff_set_up_a_factor_and_sign_in_with_it(site, settings):  # noqa: F811
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no browser on this machine")
    settings.STAFF_SECOND_FACTOR = True
    user = staff(superuser=True, password=PASSWORD)
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 390, "height": 844})
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{site}/admin/")
        _log_in(page, user)
        codes = _set_up(page)
        page.context.clear_cookies()
        page.goto(f"{site}/admin/")
        _log_in(page, user)
        page.fill("input[name=code]", codes[0])
        page.click("button[type=submit]")
        page.wait_for_url("**/admin/choose/**")
        assert not problems
        browser.close()
    left = Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()
    assert left == codes[1:]
