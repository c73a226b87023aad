"""A member of staff in a real browser, at a phone's width: find, read, replay, act as a member."""

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import WSGIRequestHandler
from django.test.testcases import LiveServerThread

from kernel.scoping import tenant_scope
from tests import factories
from tests.backoffice.arrivals import posted
from tests.backoffice.conftest import PASSWORD, audited, granted, staff
from tests.backoffice.registered import pages, row_of

CHROMIUM = next(
    (p for p in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(p).exists()), None
)
WIDTH = 390
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


@pytest.fixture
def phone(monkeypatch):
    """A page as wide as a phone; what breaks in it, or hangs over its edge, fails the test."""
    # Playwright's loop runs in this thread, but nothing here is asynchronous.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None and not os.environ.get("PLAYWRIGHT_BROWSERS_PATH"):
        pytest.skip("no browser on this machine")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": WIDTH, "height": 844})
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console", lambda said: problems.append(said.text) if "Policy" in said.text else None
        )
        page.on("dialog", lambda dialog: (problems.append(dialog.message), dialog.dismiss()))
        yield page
        browser.close()
    assert not problems


def _look(page, name):
    """Nothing hangs over the edge; ``BACKOFFICE_SHOTS`` names a folder for pictures."""
    if folder := os.environ.get("BACKOFFICE_SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], f"{name} is {width} wide"


def _sign_in(page, site, user, path):
    page.goto(f"{site}{path}")
    page.fill("input[name=username]", user.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")


def _enter(page, world):
    page.fill("input[name=q]", world.tenant.slug)
    page.press("input[name=q]", "Enter")
    page.click(f"button[value='{world.tenant.pk}']")


@pytest.mark.browser
def test_staff_read_a_conversation(site, world, phone):
    user = staff(superuser=True, password=PASSWORD)
    with factories.inside(world):
        person = factories.contact(name="<b>Maria</b>")
        talk = factories.conversation(with_=person)
        factories.message(talk, seq=1, text="Is my order on its way?", sender_name=str(person))
        factories.outbound(talk, seq=2, text="It left this morning.", sender_name="Ana")
    _sign_in(phone, site, user, "/admin/conversations/conversation/")
    _enter(phone, world)
    phone.click(f"text=#{talk.number}")
    phone.wait_for_selector(".bo-thread")
    bubbles = phone.locator(".bo-bubble")
    assert bubbles.count() == 2
    assert "is-out" in bubbles.nth(1).get_attribute("class")
    assert "It left this morning." in bubbles.nth(1).inner_text()
    assert "<b>Maria</b>" in bubbles.nth(0).inner_text(), "a name is text"
    _look(phone, "thread")
    assert settings.X_FRAME_OPTIONS == "DENY"


@pytest.mark.browser
def test_support_finds_a_stuck_message_reads_it_raw_and_replays_it(site, world, phone):
    helper = staff(password=PASSWORD)
    granted(world, helper, reason="ticket 7: a message is missing")
    with factories.inside(world):
        _, event = posted(factories.channel(), text="where is my parcel", phone="5511955501001")
    _sign_in(phone, site, helper, "/admin/find/")
    _look(phone, "choose")
    phone.click(f"button[value='{world.tenant.pk}']")
    phone.fill(".bo-page input[name=q]", "1001")
    phone.click("button:has-text('Find')")
    phone.wait_for_selector(".bo-story")
    assert "handler failed" in phone.inner_text(".bo-story")
    _look(phone, "found")
    phone.click("text=The provider posted it")
    assert "where is my parcel" in phone.inner_text(".bo-pre")
    _look(phone, "raw-delivery")
    phone.go_back()
    phone.click(".bo-story a:has-text('Replay')")
    phone.fill("input[name=reason]", "bug 12 is fixed")
    _look(phone, "replay")
    phone.click("button:has-text('Replay')")
    phone.wait_for_selector("text=is applied again")
    with tenant_scope(world.tenant):
        event.refresh_from_db()
    assert event.state == "ready"
    assert audited(world, "webhook_event.replayed", event.pk)[0].reason == "bug 12 is fixed"


@pytest.mark.browser
def test_support_acts_as_a_member_under_a_banner(site, world, phone):
    helper = staff(password=PASSWORD)
    granted(world, helper)
    with factories.inside(world):
        talk = factories.conversation()
    _sign_in(phone, site, helper, f"/admin/tenants/membership/{world.owner.pk}/change/")
    phone.click(f"button[value='{world.tenant.pk}']")
    phone.click("text=Act as")
    phone.fill("input[name=reason]", "ticket 8: cannot close a conversation")
    phone.click("button:has-text('Act as')")
    phone.wait_for_selector(".bo-acting")
    _look(phone, "acting")
    phone.goto(f"{site}/admin/conversations/conversation/{talk.pk}/change/")
    assert "ticket 8" in phone.inner_text(".bo-acting")
    phone.click("a:has-text('Close')")
    phone.fill("input[name=reason]", "as she asked")
    phone.click("button:has-text('Close')")
    phone.wait_for_selector("text=is closed")
    (entry,) = audited(world, "conversation.status_changed", talk.pk)
    assert (entry.actor_id, entry.on_behalf_of) == (helper.pk, world.owner.pk)
    phone.click(".bo-acting button")
    phone.wait_for_selector("text=under your own name again")
    assert phone.locator(".bo-acting").count() == 0


@pytest.mark.browser
def test_every_page_fits(site, world, phone):
    """With long names, addresses and errors in every list."""
    user = staff(superuser=True, password=PASSWORD)
    long = "a-very-long-word-without-any-space-" * 3
    with factories.inside(world):
        channel = factories.channel(
            name="Shop in the Old Town", status="broken", status_reason=long
        )
        posted(channel, text=long, phone="5511955501001")
        talk = factories.conversation(on=channel, with_=factories.contact(name=long[:100]))
        factories.message(talk, seq=1, text=long)
        rows = [row_of(page.model) for page in pages()]
    _sign_in(phone, site, user, "/admin/")
    _enter(phone, world)
    addresses = ["/admin/", "/admin/work/", "/admin/queues/", "/admin/find/?q=1001", "/admin/choose/",
                 "/admin/access/grant/", f"/admin/tenants/tenant/{world.tenant.pk}/change/",
                 f"/admin/tenants/tenant/{world.tenant.pk}/limits/"]  # fmt: skip
    for row in rows:
        name = f"/admin/{row._meta.app_label}/{row._meta.model_name}/"
        addresses += [name, f"{name}{row.pk}/change/"]
    for address in addresses:
        phone.goto(f"{site}{address}")
        _look(phone, f"page{address.replace('/', '_').replace('?', '_')}")
