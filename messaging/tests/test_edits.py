"""Edits, revocations and marks of reading find their message whichever comes first."""

import pytest
from django.core.files.storage import default_storage

from channels.providers.events import MediaRef
from conversations.models import Conversation
from kernel.clock import now
from kernel.models import AuditEntry, Lane
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.work import mark
from kernel.work.items import lane_key
from messaging.api.representations import one_message_json
from messaging.media import fetch
from messaging.media.fetch import store
from messaging.models import Attachment, Delivery, Message, MessageUpdate
from messaging.tests.arriving import (
    again,
    at,
    echo,
    edited,
    facts,
    mid,
    read_to,
    revoked,
    shown,
    take,
    take_each,
    the_conversation,
    the_message,
    wrote,
)
from messaging.tests.sending import queue, send_now
from tests import factories
from tests.inbound import work_off

both_orders = pytest.mark.parametrize("backwards", [False, True], ids=["in order", "backwards"])
apart = pytest.mark.parametrize("taking", [take, take_each], ids=["together", "apart"])


def in_order(backwards, *batch):
    return tuple(reversed(batch)) if backwards else batch


@apart
@both_orders
def test_an_edit_shows_the_new_words_and_keeps_the_old(shop, backwards, taking):
    name = mid()
    batch = in_order(
        backwards, wrote("frist", id_=name), edited(name, "first"), edited(name, "1st")
    )
    if backwards:  # the edits' own order is told by their times
        batch = (batch[1], batch[0], batch[2])
    taking(shop.channel, *batch)
    message = the_message()
    assert (message["text"], [e["text"] for e in message["edits"]]) == ("1st", ["frist", "first"])
    assert message["revoked_at"] is None
    assert the_conversation()["last_message"]["preview"] == "1st"
    assert the_conversation()["unread_count"] == 1
    assert {f["message_id"] for f in facts("message.edited")} == {message["id"]}
    assert len(facts("message.edited")) == 2
    again(shop.channel, *batch)


def test_an_edit_of_an_older_message_leaves_the_summary(shop):
    first = wrote("one")
    take(shop.channel, first, wrote("two"))
    take(shop.channel, edited(first.external_id, "uno"))
    assert [m["text"] for m in shown()] == ["uno", "two"]
    assert the_conversation()["last_message"]["preview"] == "two"


def test_an_edit_says_so_among_the_updates_of_a_message(shop):
    said = wrote("one")
    take(shop.channel, said, edited(said.external_id, "uno"))
    (update,) = one_message_json(Message.objects.get())["updates"]
    assert (update["kind"], update["text"], update["status"]) == ("edit", "uno", None)


def test_an_edit_numbered_zero_of_a_message_that_nobody_knows_is_no_edit(shop):
    name = mid()
    trap = edited(name, "", number=0)
    take(shop.channel, trap)
    take(shop.channel, wrote("hello", id_=name))
    assert (the_message()["text"], the_message()["edits"]) == ("hello", [])
    assert facts("message.edited") == []
    again(shop.channel, trap)


@apart
@both_orders
def test_what_is_taken_back_is_erased_and_stays_in_its_place(shop, backwards, taking):
    name = mid()
    said = wrote("secret", id_=name, content={"card": "secret"}, referral={"x": "secret"})
    batch = in_order(backwards, said, edited(name, "secret too"), revoked(name))
    taking(shop.channel, *batch)
    message = the_message()
    assert (message["text"], message["edits"], message["referral"]) == ("", [], None)
    assert message["revoked_at"] is not None
    assert message["seq"] == 1
    assert the_conversation()["last_message"]["preview"] == "[revoked]"
    kept = [list(m.objects.values()) for m in (Message, MessageUpdate, Conversation)]
    assert "secret" not in repr(kept)
    assert [f["message_id"] for f in facts("message.revoked")] == [message["id"]]
    assert AuditEntry.objects.filter(action="message.revoked", target_id=message["id"]).count() == 1
    again(shop.channel, *batch)


def test_an_edit_of_what_was_taken_back_changes_nothing(shop):
    said = wrote("secret")
    take(shop.channel, said, revoked(said.external_id))
    before = len(facts("message.edited"))
    late = edited(said.external_id, "secret again")
    take(shop.channel, late)
    assert (the_message()["text"], the_message()["edits"]) == ("", [])
    assert "secret" not in repr(list(MessageUpdate.objects.values()))
    assert len(facts("message.edited")) == before
    again(shop.channel, late)


def test_what_the_business_wrote_elsewhere_can_be_edited_and_taken_back(shop):
    one, other = echo("one"), echo("other")
    take(shop.channel, edited(one.external_id, "uno"), revoked(other.external_id), one, other)
    assert [(m["text"], m["revoked_at"] is not None) for m in shown()] == [
        ("uno", False),
        ("", True),
    ]


# ------------------------------------------------------------------ files


def with_file(**more):
    return wrote("", type="image", media=(MediaRef(kind="image", provider_id="m1"),), **more)


def stored(file, data=b"bytes"):
    path = store("0" * 64, data)
    Attachment.objects.filter(pk=file.pk).update(
        media_state="stored", path=path, state="done", open=False, sha256="0" * 64
    )
    return path


def remove_now():
    Lane.objects.filter(kind="media").update(due_at=now())
    work_off("media")


def test_the_files_of_what_is_taken_back_are_removed(shop):
    said = with_file()
    take(shop.channel, said)
    path = stored(Attachment.objects.get())
    take(shop.channel, revoked(said.external_id))
    (shown_file,) = the_message()["attachments"]
    assert (shown_file["state"], shown_file["url"]) == ("removed", None)
    remove_now()
    assert not default_storage.exists(path)
    file = Attachment.objects.get()
    assert (file.state, file.path, file.sha256, file.provider_id) == ("done", "", "", "")


def test_the_same_bytes_of_another_message_stay(shop):
    one, other = with_file(), with_file()
    take(shop.channel, one, other)
    paths = {stored(file) for file in Attachment.objects.all()}
    take(shop.channel, revoked(one.external_id))
    remove_now()
    assert len(paths) == 1
    assert default_storage.exists(paths.pop())
    assert sorted(Attachment.objects.values_list("media_state", flat=True)) == ["removed", "stored"]


def test_a_file_of_what_was_taken_back_before_it_came_is_never_fetched(shop, monkeypatch):
    def untouched(channel):
        raise AssertionError("nothing is to be fetched")

    monkeypatch.setattr(fetch, "opened_or_held", untouched)
    name = mid()
    take(shop.channel, revoked(name), with_file(id_=name))
    remove_now()
    file = Attachment.objects.get()
    assert (file.media_state, file.state) == ("removed", "done")


def test_a_file_that_is_fetched_while_it_is_taken_back_does_not_stay(shop, monkeypatch):
    from channels.providers.contract import Downloaded

    said = with_file()
    take(shop.channel, said)
    real, seen = fetch.store, []

    def meanwhile(digest, data):
        path = real(digest, data)
        if not seen:
            seen.append(path)
            take(shop.channel, revoked(said.external_id))
        return path

    class Client:
        def download(self, media_id, *, max_bytes):
            return Downloaded(data=b"secret bytes", mime_type="image/png")

    monkeypatch.setattr(fetch, "store", meanwhile)
    monkeypatch.setattr(fetch, "opened_or_held", lambda channel: Client())
    remove_now()
    Attachment.objects.update(due_at=now())
    mark("media", lane_key(Attachment.objects.get().lane))
    remove_now()
    assert seen and not default_storage.exists(seen[0])
    assert Attachment.objects.get().media_state == "removed"


# ------------------------------------------------------------------ read


def statuses():
    return [m["status"] for m in shown() if m["direction"] == "outbound"]


def test_everything_up_to_what_was_read_is_read(live):
    queue(live, "one", "two", "three")
    send_now()
    names = [d.external_id for d in Delivery.objects.order_by("id")]
    mark_ = read_to(names[1])
    take(live.channel, mark_)
    assert statuses() == ["read", "read", "accepted"]
    assert [f["status"] for f in facts("message.status_changed")].count("read") == 2
    again(live.channel, mark_, read_to(names[1]))
    take(live.channel, read_to(names[2]), read_to(names[0]))
    assert statuses() == ["read"] * 3
    assert [f["status"] for f in facts("message.status_changed")].count("read") == 3


def test_what_failed_or_is_not_known_to_have_left_was_not_read(shop):
    for n, outcome in enumerate(["failed", "unknown", "sent"]):
        message, _ = factories.outbound(shop.conversation, seq=n + 1)
        MessageUpdate.objects.create(channel=shop.channel, message_id=message.pk, kind="status",
                                     status=outcome, key=f"k{n}")  # fmt: skip
    said = echo("last")
    Conversation.objects.update(message_count=3)
    take(shop.channel, said, read_to(said.external_id))
    assert statuses() == ["failed", "unknown", "read", "read"]


@both_orders
def test_a_mark_of_reading_waits_for_its_message(shop, backwards):
    name = mid()
    batch = in_order(backwards, echo("one"), echo("two", id_=name), read_to(name))
    take_each(shop.channel, *batch)
    assert statuses() == (["read", "sent"] if backwards else ["read", "read"])
    again(shop.channel, *batch)


def test_a_mark_that_overtakes_the_record_of_our_send_is_joined_to_it(live, monkeypatch):
    from messaging.dispatch import together

    real = together.settle_accepted

    def overtaken(taken):
        take(live.channel, *(read_to(answer.external_id) for _, answer in taken))
        assert statuses() == ["queued"]
        real(taken)

    monkeypatch.setattr(together, "settle_accepted", overtaken)
    queue(live, "hello")
    send_now()
    assert statuses() == ["read"]


def test_a_mark_reads_no_more_than_what_came_since_the_last(shop):
    from kernel.mongo.wire import wire_log

    take(shop.channel, *(echo(f"{n}") for n in range(30)))
    last = echo("last")
    take(shop.channel, read_to(Message.objects.get(seq=30).external_id), last)
    Conversation.objects.update(read_seq=30)
    with wire_log.record() as commands:
        take(shop.channel, read_to(last.external_id))
    (asked,) = [c.body["filter"]["seq"] for c in commands if "seq" in c.body.get("filter", {})]
    assert asked == {"$gt": 30, "$lte": 31}
    assert statuses()[-1] == "read"
    found = collection(Conversation).find_one({**owner(), "_id": ObjectId(shop.conversation.pk)})
    assert found["read_seq"] == 31
    assert at() > last.provider_at
