"""One person is forgotten: nothing of theirs is found, and an old webhook brings nothing back."""

import pytest

from archives.errors import ErasureOpen
from archives.models import ContactErasure
from archives.services import forgetting
from archives.services.exports import ask_contact_export
from archives.services.forgetting import erase_contact
from archives.tests.killing import until_done
from archives.tests.lived import fetched, live, places_of
from conversations.models import Conversation
from crm.models import Contact, ContactIdentity
from kernel.archive.reader import Reader
from kernel.audit.signing import is_ours
from kernel.models import AuditEntry
from messaging.models import Message
from tests import factories
from tests.inbound import body, change, reaction, take_in, text, work_off
from webhooks.models import WebhookDelivery


def forgotten(lived) -> ContactErasure:
    """The finished erasure of the person."""
    with factories.inside(lived.world):
        item = erase_contact(contact_id=lived.contact.pk)
    for _ in range(10):
        work_off("forget", "media", "relay")
        with factories.inside(lived.world):
            item.refresh_from_db()
        if not item.open:
            break
        forgetting_now(lived)
    assert (item.open, item.last_error) == (False, "")
    return item


def forgetting_now(lived) -> None:
    """What waits a second for the files goes on now."""
    from kernel.models import Lane

    Lane.objects.filter(kind="forget", tenant_id=lived.world.tenant.pk).update(
        due_at=lived.contact.created_at
    )
    with factories.inside(lived.world):
        ContactErasure.objects.filter(open=True).update(due_at=lived.contact.created_at)


def said(lived, *messages):
    return body(change(lived.channel.external["phone_number_id"], messages=list(messages)))


def test_nothing_of_a_forgotten_person_is_found_anywhere(world, new_tenant):
    lived, other = live(world), live(new_tenant("Globex"))
    first = text(f"{lived.canary} first", of=lived.phone)
    take_in(said(lived, first, reaction(first["id"], "👍", of=lived.phone)))
    take_in(body(*said(lived, text(f"{lived.canary} z", of=lived.phone))["entry"][0]["changes"],
                 *body(change(other.channel.external["phone_number_id"], messages=[text(other.canary, of=other.phone)]))["entry"][0]["changes"]))  # fmt: skip
    item = forgotten(lived)
    assert places_of(lived.canary, lived.phone, f"Person {lived.phone[-4:]}") == {}
    assert places_of(other.canary)
    told = item.certificate["body"]
    assert is_ours(item.certificate) and told["erased"]["messages"] >= 8
    with factories.inside(world):
        assert AuditEntry.objects.filter(
            action="contact.erased", target_id=lived.contact.pk
        ).exists()


def test_a_message_keeps_its_place_without_a_word(world):
    lived = live(world)
    with factories.inside(world):
        before = list(Message.objects.order_by("seq").values_list("pk", "seq", "external_id"))
    forgotten(lived)
    with factories.inside(world):
        assert (
            list(Message.objects.order_by("seq").values_list("pk", "seq", "external_id")) == before
        )
        assert set(Message.objects.values_list("text", flat=True)) == {""}
        contact = Contact.objects.get(pk=lived.contact.pk)
        assert (contact.name, contact.phone, contact.attributes) == ("", "", {})
        talk = Conversation.objects.get()
        assert (talk.contact_name, talk.last_message["preview"]) == ("", "[erased]")


def test_an_old_webhook_that_comes_again_brings_nothing_back(world):
    lived = live(world, messages=1)
    old = said(lived, text(f"{lived.canary} once", of=lived.phone))
    take_in(old)
    forgotten(lived)
    (again,) = take_in(old)
    assert again.account == {"duplicate": 1, "received": 1}
    assert lived.canary.encode() not in bytes(WebhookDelivery.objects.get(pk=again.pk).body)
    assert places_of(lived.canary, lived.phone) == {}


def test_who_writes_again_is_somebody_new(world):
    lived = live(world, messages=1)
    forgotten(lived)
    take_in(said(lived, text("hello again", of=lived.phone)))
    with factories.inside(world):
        assert ContactIdentity.objects.get(value=lived.phone).contact_id != lived.contact.pk
        assert Message.objects.filter(text="hello again").exists()


def test_one_at_a_time(world):
    lived = live(world, messages=1)
    with factories.inside(world):
        erase_contact(contact_id=lived.contact.pk)
        with pytest.raises(ErasureOpen):
            erase_contact(contact_id=lived.contact.pk)


def test_killed_again_and_again_it_is_finished(world, monkeypatch):
    lived = live(world)
    monkeypatch.setattr(forgetting, "TURN_S", 0.0)
    with factories.inside(world):
        item = erase_contact(contact_id=lived.contact.pk)

    def step() -> bool:
        with factories.inside(world):
            item.refresh_from_db()
            outcome = forgetting.go_on(item)
            if outcome.__class__.__name__ == "Done":
                return False
        work_off("media")
        return True

    died = until_done(step, monkeypatch, every=3)
    with factories.inside(world):
        forgetting.go_on(item)
    assert died >= 20
    work_off("forget")
    assert places_of(lived.canary) == {}


def test_a_contact_is_exported_with_all_that_was_said(world, tmp_path):
    lived = live(world)
    with factories.inside(world):
        factories.message(text="of somebody else")
        export = ask_contact_export(contact_id=lived.contact.pk)
    work_off("export")
    with factories.inside(world):
        export.refresh_from_db()
    assert export.counts["messages"] == 7 and export.file_count == 1
    with Reader(fetched(export, tmp_path)) as reader:
        rows = [line for m, _ in reader.members() if m.collection for line in reader.rows(m)]
    assert reader.manifest["kind"] == "contact"
    assert any(lived.phone.encode() in row for row in rows)
    assert not any(b"of somebody else" in row for row in rows)
