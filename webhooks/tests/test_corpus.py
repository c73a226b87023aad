"""Every recorded body through the real edge, signed in Meta's form: it lands, once, whatever comes beside it."""

import pytest

from channels.models import Channel
from conversations.models import Conversation
from crm.models import Contact, ContactIdentity
from kernel.models import DomainEvent
from kernel.work import serving
from messaging.models import Lookup, Message, MessageUpdate
from tests import factories
from tests.inbound import work_off
from webhooks.models import WebhookDelivery
from webhooks.tests.corpus import (
    ALL,
    case_of,
    check,
    in_company,
    neighbour,
    neighbours_of,
    posted,
    recorded,
)
from webhooks.tests.posting import run
from webhooks.tests.variants import (
    Left,
    accounts_of,
    check_kinds,
    few_bodies,
    with_unknown,
    without_optional,
)

KINDS = ("whatsapp", "instagram")
MODELS = (
    Message,
    MessageUpdate,
    Lookup,
    Conversation,
    Contact,
    ContactIdentity,
    DomainEvent,
    Channel,
)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(serving, "BACKOFF_S", (0.0,) * 4)


def brought(spool, bodies):
    """Post them one after the other and do all that follows; returns the deliveries, in order."""
    before = set(WebhookDelivery.objects.values_list("pk", flat=True))
    answers = run(spool, *(posted(body) for body in bodies))
    assert {answer.status for answer in answers} == {200}
    work_off("explode", "ingest")
    new = WebhookDelivery.objects.exclude(pk__in=before).order_by("id")
    assert len(new) == len(bodies)
    return list(new)


def everything():
    return [list(model.objects.order_by("pk").values()) for model in MODELS]


def account(delivery):
    return {key: count for key, count in delivery.account.items() if count}


@pytest.mark.parametrize("kind", KINDS)
def test_each_body_lands_and_lands_once(world, tmp_path, kind):
    with factories.inside(world):
        cases = recorded(kind)
        assert len(cases) >= 90
        for case, delivery in zip(cases, brought(tmp_path, [c.body for c in cases]), strict=True):
            assert account(delivery) == case.account(), case.name
            check(case)
        before = everything()
        for case, delivery in zip(cases, brought(tmp_path, [c.body for c in cases]), strict=True):
            again = account(delivery).get("duplicate", 0)
            assert again == len(case.routed), case.name
        assert everything() == before


@pytest.mark.parametrize("kind", KINDS)
def test_each_body_lands_in_company_of_another_tenants(world, new_tenant, tmp_path, kind):
    other = new_tenant("Other")
    address = "ig_id" if kind == "instagram" else "phone_number_id"
    with factories.inside(other):
        theirs = factories.channel() if kind == "whatsapp" else case_of(*_an_instagram()).channels
        theirs = theirs if kind == "whatsapp" else next(iter(theirs.values()))
        assert theirs.external[address]
    with factories.inside(world):
        cases = recorded(kind)
        together = [
            in_company(
                case, neighbour(kind, theirs, f"{n:03}a"), neighbour(kind, theirs, f"{n:03}b")
            )
            for n, case in enumerate(cases)
        ]
        kept = [(c, b) for c, b in zip(cases, together, strict=True) if b is not None]
        assert len(kept) >= len(cases) - 6
        for (case, _), delivery in zip(kept, brought(tmp_path, [b for _, b in kept]), strict=True):
            assert account(delivery) == case.account(more=2), case.name
            check(case)
    assert len(neighbours_of(other)) == 2 * len(kept)


@pytest.mark.parametrize("varied", [without_optional, with_unknown])
@pytest.mark.parametrize("kind", KINDS)
def test_each_item_lands_with_less_and_with_more(world, tmp_path, kind, varied):
    with factories.inside(world):
        as_they_are = recorded(kind)
        cases = [varied(case) for case in as_they_are]
        for before, after in zip(as_they_are, cases, strict=True):
            check_kinds(before, after)
        groups, bodies = zip(*few_bodies(cases), strict=True)
        assert len(bodies) <= 12
        for group, delivery in zip(groups, brought(tmp_path, bodies), strict=True):
            assert account(delivery) == accounts_of(group)
        left = Left()
        for case in cases:
            left.check(case)


def _an_instagram():
    return next(one for one in ALL if one[0] == "instagram" and one[1].stem == "text")
