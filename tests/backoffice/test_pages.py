"""What the pages show, escaped."""

import json

import pytest

from channels.models import Channel, ChannelAddress
from conversations.models import Conversation
from crm.models import Contact
from kernel.clock import now
from kernel.models import DomainEvent
from messaging.models import Attachment, Delivery, MessageUpdate
from tenants.models import Membership
from tests import factories
from tests.backoffice.conftest import browser, helper_of
from tests.backoffice.registered import pages
from webhooks.models import WebhookDelivery, WebhookEvent

EVIL = "<script>alert(1)</script>"
IMAGE = "\"'><img src=x onerror=alert(1)>"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"


@pytest.fixture
def hostile(world):
    """A tenant in which every text that somebody outside wrote is an attack."""
    with factories.inside(world):
        Membership.objects.filter(pk=world.owner.pk).update(name=EVIL, email=f"{EVIL}@x.test")
        channel = factories.channel(
            name=EVIL, status_reason=IMAGE,
            health={"checks": [{"name": EVIL, "ok": False, "sentence": IMAGE}], "account": {EVIL: EVIL}},
        )  # fmt: skip
        person = factories.contact(name=EVIL, username=IMAGE, attributes={EVIL: IMAGE})
        factories.identity(person, kind=EVIL[:20], value=EVIL)
        talk = factories.conversation(
            on=channel,
            with_=person,
            contact_name=EVIL,
            last_message={"preview": EVIL, "direction": "inbound"},
        )
        said = factories.message(
            talk, type="image", text=EVIL + IMAGE, sender_name=EVIL, content={EVIL: IMAGE}, attachment_count=1,
            error={"code": 1, "title": EVIL, "advice": IMAGE},
        )  # fmt: skip
        file = Attachment.objects.create(
            lane="x", channel=channel, message_id=said.pk, kind="image", filename=EVIL, mime_type=IMAGE, path="x",
            state="dead", open=False, reason=EVIL, last_error=EVIL + IMAGE,
        )  # fmt: skip
        MessageUpdate.objects.create(
            channel=channel,
            message_id=said.pk,
            key="r",
            kind="reaction",
            emoji=EVIL,
            actor_kind="contact",
        )
        _, delivery = factories.outbound(talk, text=EVIL, sender_name=EVIL)
        Delivery.objects.filter(pk=delivery.pk).update(
            tries=[{"n": 1, "outcome": EVIL, "detail": IMAGE}]
        )
        posted = WebhookDelivery.objects.create(
            source=EVIL, body=EVIL.encode(), received_at=now(), state="done", account={EVIL: 1},
            problems=[{"position": 0, "reason": EVIL}], parked=[EVIL],
        )  # fmt: skip
        item = WebhookEvent.objects.create(
            lane="x", channel=channel, event_key=EVIL, delivery_id=posted.pk, position=0, field=EVIL,
            body={EVIL: IMAGE}, received_at=now(), state="parked", reason=IMAGE, last_error=EVIL,
        )  # fmt: skip
        event = DomainEvent.objects.create(type=EVIL, data={EVIL: IMAGE}, actor={"kind": EVIL})
    world.rows = [channel, person, talk, file, delivery, posted, item, event, world.owner]
    return world


def test_no_text_of_an_outsider_becomes_markup(hostile, superuser, urls):
    client = browser(superuser, hostile.tenant)
    addresses = ["/admin/", "/admin/work/", *(urls(row) for row in hostile.rows)]
    addresses += [urls(page.model) for page in pages()] + [urls(WebhookDelivery)]
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert EVIL not in answer.text and "<img src=x" not in answer.text, address
    assert ESCAPED in client.get(urls(hostile.rows[2])).text


def test_a_tenants_name_is_text_too(hostile, superuser, urls):
    hostile.tenant.name = EVIL
    hostile.tenant.save(update_fields=["name"])
    client = browser(superuser, hostile.tenant)
    for address in (
        "/admin/",
        "/admin/choose/",
        urls(hostile.tenant),
        urls(hostile.tenant, "suspend"),
    ):
        text = client.get(address).text
        assert ESCAPED in text and EVIL not in text, address
    moved = client.post(urls(hostile.tenant, "suspend"), {"reason": EVIL}, follow=True)
    assert EVIL not in moved.text


def test_a_conversation_shows_its_thread(page, world, urls):
    with factories.inside(world):
        talk = factories.conversation()
        asked = factories.message(talk, seq=1, text="Is it on its way?", sender_name="Maria")
        answer, delivery = factories.outbound(talk, seq=2, text="It left today.", sender_name="Ana",
                                              reply_to_id=asked.pk)  # fmt: skip
        for status in ("sent", "read"):
            MessageUpdate.objects.create(
                channel_id=talk.channel_id,
                message_id=answer.pk,
                key=status,
                kind="status",
                status=status,
            )
        MessageUpdate.objects.create(
            channel_id=talk.channel_id, message_id=asked.pk, key="r", kind="reaction", emoji="👍",
            actor_kind="agent", actor_id="x",
        )  # fmt: skip
        factories.message(talk, seq=3, type="system", text="The number changed")
        photo = factories.message(talk, seq=4, type="image", text="This one", attachment_count=1)
        Attachment.objects.create(lane="x", message_id=photo.pk, kind="image", filename="sofa.jpg", path="p",
                                  media_state="stored", channel_id=talk.channel_id)  # fmt: skip
    text = page.get(urls(talk)).text
    for shown in ("Is it on its way?", "It left today.", "✓✓ read", "👍", "bo-bubble is-system", "sofa.jpg",
                  "/api/v1/media/content/", 'class="bo-quote">Is it on its way?'):  # fmt: skip
        assert shown in text, shown
    assert text.index("Is it on its way?") < text.index("It left today.") < text.index("sofa.jpg")
    assert "It left today." in page.get(urls(delivery)).text


def test_a_long_thread_is_read_in_pages(page, world, urls):
    with factories.inside(world):
        talk = factories.conversation()
        for number in range(1, 61):
            factories.message(talk, seq=number, text=f"said {number}.")
    newest = page.get(urls(talk)).text
    assert "said 60." in newest and "said 11." in newest and "said 10." not in newest
    older = page.get(urls(talk), {"before": 11}).text
    assert "said 10." in older and "said 1." in older and "said 11." not in older
    assert page.get(urls(talk), {"before": "x' or 1"}).status_code == 200


def test_filters_and_searches_find_rows(page, world, urls):
    with factories.inside(world):
        person = factories.contact(phone="5511955501001")
        mine = factories.conversation(with_=person, assignee=world.owner, status="pending")
        other = factories.conversation()

    def found(model, **query):
        return {row.pk for row in page.get(urls(model), query).context["cl"].result_list}

    assert found(Conversation, status="pending") == {mine.pk}
    assert found(Conversation, assignee="none") == {other.pk}
    assert found(Conversation, assignee=world.owner.pk) == {mine.pk}
    assert found(Conversation, channel=other.channel_id) == {other.pk}
    assert found(Conversation, q=f"#{mine.number}") == {mine.pk}
    assert found(Contact, q="+55 11 95550-1001") == {person.pk}
    assert found(Conversation, status="nonsense") == {mine.pk, other.pk}


def test_a_key_shows_neither_its_secret_nor_its_digest(page, world, urls):
    from tenants.models import ApiKey
    from tenants.services.api_keys import create_api_key

    with factories.inside(world):
        key, text = create_api_key(name="sync", scopes=["messages:send"])
    for address in (urls(key), urls(ApiKey)):
        shown = page.get(address).text
        assert "sync" in shown and key.digest not in shown and text.rpartition("_")[2] not in shown


# ------------------------------------------------------------------ raw deliveries


def _posted(*phones):
    """A webhook with one message for each phone number id, and the delivery that keeps it."""
    changes = [
        {"field": "messages", "value": {
            "messaging_product": "whatsapp", "metadata": {"phone_number_id": phone},
            "messages": [{"id": f"wamid.{phone}", "from": "551", "timestamp": "1", "type": "text",
                          "text": {"body": f"secret of {phone}"}}]}}
        for phone in phones
    ]  # fmt: skip
    body = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}
    return WebhookDelivery.objects.create(
        source="meta", body=json.dumps(body).encode(), received_at=now(), state="done"
    )


def _item(channel, posted):
    return WebhookEvent.objects.create(
        lane="x", channel=channel, event_key=posted.pk, delivery_id=posted.pk, position=0, field="messages",
        body={}, received_at=now(), state="done", open=False,
    )  # fmt: skip


@pytest.fixture
def helper(world):
    """A member of staff who may enter the world's tenant only."""
    return helper_of(world)


def test_a_raw_delivery_is_listed_where_it_has_an_item(helper, world, new_tenant, urls):
    with factories.inside(world):
        mine = _posted("1")
        item = _item(factories.channel(), mine)
    with factories.inside(new_tenant("Other")):
        theirs = _posted("2")
        foreign = _item(factories.channel(), theirs)
    nobodys = WebhookDelivery.objects.create(
        source="meta", body=b"{", received_at=now(), state="done", parked=["phone_number_id:9"]
    )
    rows = helper.get(urls(WebhookDelivery)).context["cl"].result_list
    assert [row.pk for row in rows] == [mine.pk]
    for show in ("parked", "new", "all"):
        assert helper.get(urls(WebhookDelivery), {"show": show}).status_code == 400
    assert helper.get(urls(mine), {"event": item.pk}).status_code == 200
    for delivery, event in (
        (mine, ""),
        (mine, foreign.pk),
        (theirs, foreign.pk),
        (theirs, item.pk),
        (nobodys, ""),
    ):
        assert helper.get(urls(delivery), {"event": event}).status_code == 302


def test_of_a_body_with_items_of_others_only_own_ones_are_shown(
    helper, page, world, new_tenant, urls
):
    with factories.inside(new_tenant("Other")):
        theirs = factories.channel().external["phone_number_id"]
    with factories.inside(world):
        channel = factories.channel()
        own = channel.external["phone_number_id"]
        alone, mixed, parked = _posted(own, own), _posted(own, theirs), _posted(own, "404")
        foreign = _posted(theirs)
        items = {posted.pk: _item(channel, posted) for posted in (alone, mixed, parked)}
    assert ChannelAddress.objects.filter(value__in=[own, theirs]).count() == 2
    assert f"secret of {own}" in helper.get(urls(alone), {"event": items[alone.pk].pk}).text
    for posted, stranger in ((mixed, theirs), (parked, "404")):
        shown = helper.get(urls(posted), {"event": items[posted.pk].pk}).text
        assert f"secret of {own}" in shown and f"secret of {stranger}" not in shown
        assert "items of others" in shown
    whole = page.get(urls(mixed)).text
    assert f"secret of {own}" in whole and f"secret of {theirs}" not in whole, "superusers too"
    assert "secret of 404" in page.get(urls(parked)).text, "what nobody owns is for superusers"
    assert "secret of" not in page.get(urls(foreign)).text, (
        "another tenant's is read in that tenant"
    )


def test_superusers_see_what_nobody_owns(page, urls):
    parked = WebhookDelivery.objects.create(
        source="meta",
        body=b"{not json",
        received_at=now(),
        state="done",
        parked=["phone_number_id:9"],
    )
    rows = page.get(urls(WebhookDelivery), {"show": "parked"}).context["cl"].result_list
    assert parked.pk in {row.pk for row in rows}
    assert "{not json" in page.get(urls(parked)).text


def test_the_first_page_counts(page, world):
    with factories.inside(world):
        channel = factories.channel(status=Channel.BROKEN, name="Old number")
        factories.conversation(on=channel)
        _item(channel, _posted("1"))
        factories.item(state="dead", open=False).save(force_insert=True)
    cards = {card["label"]: str(card["value"]) for card in page.get("/admin/").context["cards"]}
    assert cards == {"Open conversations": "1", "Inbound items, last hour": "1", "Channels in trouble": "1",
                     "Dead work": "1", "Parked work": "0"}  # fmt: skip
