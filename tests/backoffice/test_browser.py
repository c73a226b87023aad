"""A member of staff in a real browser: sign in, choose a tenant, read a conversation."""

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import WSGIRequestHandler
from django.test.testcases import LiveServerThread

from tests import factories
from tests.backoffice.conftest import PASSWORD, staff

CHROMIUM = next(
    (p for p in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(p).exists()), None
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


class Quiet(WSGIRequestHandler):
    def log_message(self, format, *args):
        """The test's own output is enough."""


@pytest.fixture
def site(monkeypatch):
    """The site on a port of its own, in this process, with this database."""
    monkeypatch.setattr(
        "django.core.servers.basehttp.WSGIRequestHandler.log_message", Quiet.log_message
    )
    thread = LiveServerThread("127.0.0.1", StaticFilesHandler)
    thread.daemon = True
    thread.start()
    thread.is_ready.wait(10)
    assert thread.error is None
    yield f"http://127.0.0.1:{thread.port}"
    thread.terminate()


@pytest.mark.browser
def test_staff_read_a_conversation(site, world, monkeypatch):
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None and not os.environ.get("PLAYWRIGHT_BROWSERS_PATH"):
        pytest.skip("no browser on this machine")
    user = staff(superuser=True, password=PASSWORD)
    with factories.inside(world):
        person = factories.contact(name="<b>Maria</b>")
        talk = factories.conversation(with_=person)
        factories.message(talk, seq=1, text="Is my order on its way?", sender_name=str(person))
        factories.outbound(talk, seq=2, text="It left this morning.", sender_name="Ana")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 390, "height": 844})
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console", lambda m: problems.append(m.text) if "Security Policy" in m.text else None
        )
        page.on("dialog", lambda dialog: (problems.append(dialog.message), dialog.dismiss()))
        page.goto(f"{site}/admin/conversations/conversation/")
        page.fill("input[name=username]", user.email)
        page.fill("input[name=password]", PASSWORD)
        page.click("button[type=submit]")
        page.fill("input[name=q]", world.tenant.slug)
        page.press("input[name=q]", "Enter")
        page.click(f"button[value='{world.tenant.pk}']")
        page.click(f"text=#{talk.number}")
        page.wait_for_selector(".bo-thread")
        bubbles = page.locator(".bo-bubble")
        assert bubbles.count() == 2
        assert "is-out" in bubbles.nth(1).get_attribute("class")
        assert "It left this morning." in bubbles.nth(1).inner_text()
        assert "<b>Maria</b>" in bubbles.nth(0).inner_text(), "a name is text"
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, "nothing hangs over the edge of a phone"
        assert not problems
        browser.close()
    assert settings.X_FRAME_OPTIONS == "DENY"
