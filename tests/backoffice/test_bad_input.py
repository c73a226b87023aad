"""Addresses that nobody's page contains."""

from django.urls import reverse

from conversations.models import Conversation
from crm.models import Contact
from tests.backoffice.registered import pages
from webhooks.models import WebhookEvent

BAD_IDS = ("x", "0" * 23, "g" * 24, "<script>", "1" * 500, "a_5Fb")
FREE_LOOKUPS = (
    "name__regex=.*", "name__iregex=(a+)%2B", "name__icontains=a", "tenant=0", "tenant__id__exact=0",
    "identities__value=1", "phone=1", "_to_field=name", "_to_field=tenant",
)  # fmt: skip
HARMLESS = ("o=1", "o=-2.3", "all=", "p=0", "p=x", "p=101", "p=99999999999", "_facets=True")
TERMS = (".*", "(a+)+$", "$where", "\x00", "#", "#99999999999999999999", "é" * 5000)


def test_a_malformed_id_is_not_found(page):
    for registered in pages():
        name = f"admin:{registered.opts.app_label}_{registered.opts.model_name}"
        for bad in BAD_IDS:
            for what, args in (("change", [bad]), ("history", [bad]), ("step", [bad, "replay"])):
                answer = page.get(reverse(f"{name}_{what}", args=args))
                assert answer.status_code in (302, 404), (name, what, bad)


def test_no_free_lookup_reaches_the_database(page, urls):
    for query in FREE_LOOKUPS:
        assert page.get(f"{urls(Contact)}?{query}").status_code == 400, query


def test_other_known_parameters_do_no_harm(page, urls):
    for query in HARMLESS:
        assert page.get(f"{urls(Conversation)}?{query}").status_code in (200, 302), query


def test_a_search_is_text_and_never_a_pattern(page, urls, world):
    for term in TERMS:
        for model in (Contact, Conversation, WebhookEvent):
            answer = page.get(urls(model), {"q": term})
            assert answer.status_code == 200, term
            assert not answer.context["cl"].result_list, term


def test_a_selection_that_is_none_is_refused(page, urls):
    form = {
        "action": "replay",
        "_selected_action": ["x", "{}"],
        "confirmed": "1",
        "reason": "why not",
    }
    answer = page.post(urls(WebhookEvent), form, follow=True)
    assert "This selection cannot be read." in answer.text


def test_an_unknown_step_is_not_found(page, world, urls):
    address = reverse("admin:webhooks_webhookevent_step", args=["0" * 24, "explode"])
    assert page.post(address).status_code == 404


def test_the_packages_own_pages_stay_inside(page):
    """Names of pages are searched, never rows; an app is no place; scripts are served."""
    found = page.get("/admin/search/", {"s": "conversation", "extended": "1"})
    assert found.status_code == 200 and "data_object" not in found.text
    assert page.get("/admin/kernel/").url == "/admin/"
    assert page.get("/admin/jsi18n/").status_code == 200
    assert page.get("/admin/account/emailaddress/").status_code == 404
