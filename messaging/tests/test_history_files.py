"""A number's past: a placeholder for a file comes with its thread, the file by itself, in any order."""

import pytest

from channels.providers.events import MediaRef, MessageEdited
from messaging.models import Attachment, Message
from messaging.tests.arriving import (
    NOA,
    again,
    at,
    echo,
    facts,
    mid,
    revoked,
    take,
    take_each,
    the_conversation,
    the_message,
    wrote,
)

PICTURE = (MediaRef(kind="image", provider_id="2423", mime_type="image/jpeg"),)
HELD = {"type": "unsupported", "text": "", "is_history": True,
        "content": {"original_type": "media_placeholder", "raw": {}}}  # fmt: skip
FILE = {"type": "image", "text": "the new hinge", "is_history": True, "media": PICTURE}
ORDERS = pytest.mark.parametrize("backwards", [False, True], ids=["in order", "backwards"])
APART = pytest.mark.parametrize("taking", [take, take_each], ids=["together", "apart"])


def ours_without_receiver(name):
    """Of what the business sent, the file may not say to whom."""
    return MessageEdited(external_id=name, type="image", text="the new hinge", media=PICTURE)


def batches(name):
    when = at()
    return {
        "theirs": (wrote(id_=name, provider_at=when, **HELD), wrote(id_=name, provider_at=when, **FILE)),
        "ours": (echo(id_=name, provider_at=when, **HELD), echo(id_=name, provider_at=when, **FILE)),
        "ours, to nobody": (echo(id_=name, provider_at=when, **HELD), ours_without_receiver(name)),
    }  # fmt: skip


@APART
@ORDERS
@pytest.mark.parametrize("whose", ["theirs", "ours", "ours, to nobody"])
def test_the_file_takes_its_placeholders_place(shop, whose, backwards, taking):
    batch = batches(mid())[whose]
    batch = batch[::-1] if backwards else batch
    taking(shop.channel, *batch)
    message = the_message()
    assert (message["type"], message["text"]) == ("image", "the new hinge")
    assert "edits" not in message or message["edits"] == []
    assert [a["kind"] for a in message["attachments"]] == ["image"]
    (file,) = Attachment.objects.all()
    assert (file.provider_id, file.message_id) == ("2423", message["id"])
    assert Message.objects.count() == 1
    again(shop.channel, *batch)


def test_who_listens_is_told_and_the_list_shows_it(shop):
    name = mid()
    take(shop.channel, wrote("before"))
    placeholder, file = batches(name)["theirs"]
    take(shop.channel, placeholder)
    take(shop.channel, file)
    assert len(facts("message.edited")) == 1
    assert the_conversation()["last_message"]["preview"] == "before"


def test_neither_a_message_of_today_nor_one_taken_back_is_replaced(shop):
    today, gone = mid(), mid()
    take(shop.channel, wrote("as it was", id_=today))
    take(shop.channel, wrote(id_=gone, of=NOA, **HELD), revoked(gone))
    take(shop.channel, wrote(id_=today, **FILE), wrote(id_=gone, **FILE))
    take(shop.channel, ours_without_receiver(today), ours_without_receiver(gone))
    assert Attachment.objects.count() == 0
    texts = {m.external_id: m.text for m in Message.objects.all()}
    assert texts == {today: "as it was", gone: ""}
