"""Templates that show uploads of ours: checked, given to Meta, submitted by their handles; or nothing is."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from channels import errors
from channels.models import MessageTemplate
from channels.services import template_files
from channels.services.manage_templates import create_template, edit_template
from channels.services.reconcile import reconcile
from channels.services.template_lane import KIND
from kernel.models import DomainEvent, Lane
from kernel.mongo.ids import new_id
from kernel.scoping import tenant_scope
from kernel.scoping.context import outside_scope
from messaging.models import Attachment
from messaging.services.upload import upload_media
from tenants.access import acting
from tenants.errors import PermissionDenied
from tests import factories

MB = 1024 * 1024
JPEG, PDF = b"\xff\xd8\xff" + b"x" * 200, b"%PDF-1.7" + b"x" * 200
MP4 = b"\0\0\0\x18ftypmp42" + b"x" * 200
BODY = {"type": "BODY", "text": "Look at these."}
FILES = {"IMAGE": (JPEG, "a.jpg", "image/jpeg"), "VIDEO": (MP4, "a.mp4", "video/mp4"),
         "GIF": (MP4, "b.mp4", "video/mp4"), "DOCUMENT": (PDF, "a.pdf", "application/pdf")}  # fmt: skip


def an_upload(kind="IMAGE", size=0):
    data, name, type_ = FILES[kind]
    return upload_media(file=SimpleUploadedFile(name, data.ljust(size, b"x"), type_)).pk


def header(kind="IMAGE", **example):
    return {"type": "HEADER", "format": kind, "example": example}


def carousel(*headers):
    return {"type": "CAROUSEL", "cards": [{"components": [one]} for one in headers]}


def create(live, *components, **more):
    given = {"name": "spring", "language": "en_US", "category": "MARKETING", **more}
    return create_template(channel_id=live.channel.pk, components=[*components, BODY], **given)


def calls(live, path):
    """What Meta was asked at such an address for this channel's account or its app, oldest first."""
    found = live.simulator.read("requests", path=path, since=live.since, limit=500)["requests"]
    return sorted(found, key=lambda entry: entry["n"])


def submitted(live):
    waba = live.channel.external["waba_id"]
    return [e["body"]["components"] for e in calls(live, f"{waba}/message_templates") if e["body"]]


@pytest.fixture
def live(live):
    live.since = max(
        (e["n"] for e in live.simulator.read("requests", limit=50_000)["requests"]), default=0
    )
    yield live
    Lane.objects.filter(kind=KIND).delete()  # looks at accounts that nobody answers for any more


@pytest.mark.parametrize("kind", list(FILES))
def test_a_template_shows_an_upload(live, kind):
    made = create(live, header(kind, media_id=an_upload(kind)))
    assert made.status == "PENDING"
    (example,) = (made.components[0]["example"],)
    assert set(example) == {"header_handle"}
    assert example["header_handle"][0].startswith("4::")
    (begun,) = calls(live, "/uploads")
    data, _, type_ = FILES[kind]
    assert (begun["query"]["file_length"], begun["query"]["file_type"]) == (str(len(data)), type_)
    assert submitted(live) == [made.components]


def test_a_carousels_cards_show_uploads_each_of_which_goes_once(live):
    one, two = an_upload(), an_upload()
    made = create(live, carousel(*(header(media_id=id_) for id_ in (one, two, one))))
    handles = [card["components"][0]["example"]["header_handle"][0]
               for card in made.components[0]["cards"]]  # fmt: skip
    assert handles[0] == handles[2] != handles[1]
    assert len(calls(live, "/uploads")) == 2
    assert submitted(live) == [made.components]


def test_a_handle_that_somebody_else_got_stays_accepted(live):
    handle = create(live, header(media_id=an_upload())).components[0]["example"]["header_handle"]
    made = create(live, header(header_handle=handle), name="summer")
    assert made.components[0] == header(header_handle=handle)
    assert len(calls(live, "/uploads")) == 1
    with pytest.raises(errors.TemplateRefused) as caught:
        create(live, header(header_handle=["4::never"]), name="autumn")
    assert "media_id" in caught.value.detail


def test_an_edit_shows_another_upload(live):
    made = create(live, header(media_id=an_upload()))
    live.simulator.do("templates", name="spring", waba_id=live.channel.external["waba_id"],
                      status="APPROVED")  # fmt: skip
    MessageTemplate.objects.update(status="APPROVED")
    given = {"channel_id": live.channel.pk, "template_id": made.pk}
    edited = edit_template(**given, components=[header("VIDEO", media_id=an_upload("VIDEO")), BODY])
    assert edited.status == "PENDING"
    assert edited.components[0]["format"] == "VIDEO"
    assert edited.components[0]["example"]["header_handle"] != made.components[0]["example"]["header_handle"]  # fmt: skip
    (body,) = [entry["body"] for entry in calls(live, made.external_id) if entry["body"]]
    assert body == {"components": edited.components}


def test_the_link_that_meta_shows_a_file_by_is_kept_and_is_no_drift(live):
    made = create(live, header(media_id=an_upload()))
    history, links = made.history, set()
    reconcile(live.channel)  # the account's other templates are new to us
    drifted = DomainEvent.objects.filter(type="templates.drifted")
    before = drifted.count()
    for _ in range(2):
        assert reconcile(live.channel).differences == ()
        made.refresh_from_db()
        links.add(made.components[0]["example"]["header_handle"][0])
    assert len(links) == 2
    assert all("whatsapp_examples" in link for link in links)
    assert made.history == history
    assert drifted.count() == before


# ---------------------------------------------------------------- refused before Meta is asked


def refused(live, error, *components):
    with pytest.raises(error) as caught:
        create(live, *components)
    assert submitted(live) == []
    assert not MessageTemplate.objects.filter(name="spring").exists()
    return caught.value


@pytest.mark.parametrize(("kind", "file", "size", "limit"), [
    ("IMAGE", "IMAGE", 5 * MB + 1, 5 * MB), ("VIDEO", "VIDEO", 16 * MB + 1, 16 * MB),
    ("GIF", "GIF", 7 * MB // 2 + 1, 7 * MB // 2), ("VIDEO", "IMAGE", 0, None),
    ("IMAGE", "DOCUMENT", 0, None), ("DOCUMENT", "VIDEO", 0, None),
])  # fmt: skip
def test_a_file_past_its_kinds_limit_is_named_with_it(live, kind, file, size, limit):
    error = refused(live, errors.InvalidTemplate, header(kind, media_id=an_upload(file, size)))
    assert error.errors[0]["field"] == "components.0.example.media_id"
    assert error.data.get("limit") == limit
    assert calls(live, "/uploads") == []


def test_no_file_is_uploaded_before_all_were_checked(live):
    cards = carousel(header(media_id=an_upload()), header(media_id=an_upload("DOCUMENT")))
    error = refused(live, errors.InvalidTemplate, cards)
    assert error.errors[0]["field"] == "components.0.cards.1.components.0.example.media_id"
    assert calls(live, "/uploads") == []


def test_a_file_of_another_tenant_is_as_unknown_as_one_of_nobody(live):
    with outside_scope():
        other = factories.new_world().tenant
    with outside_scope(), tenant_scope(other):
        id_ = new_id()
        theirs = Attachment.objects.create(
            pk=id_, lane=id_, state=Attachment.DONE, media_state=Attachment.STORED, kind="image",
            mime_type="image/jpeg", size=1, path="x",
        )  # fmt: skip
    told = []
    for id_ in (theirs.pk, new_id(), "nonsense"):
        error = refused(live, errors.TemplateFileNotFound, header(media_id=id_))
        told.append((error.detail, error.errors, error.data))
    assert told[0] == told[1] == told[2]
    assert told[0][1] == [{"field": "components.0.example.media_id", "code": "unknown"}]


def test_a_file_of_a_message_and_a_removed_one_are_not_shown(live):
    sent, removed = an_upload(), an_upload()
    Attachment.objects.filter(pk=sent).update(message_id=factories.message(live.conversation).pk)
    Attachment.objects.filter(pk=removed).update(media_state=Attachment.REMOVED)
    for id_ in (sent, removed):
        refused(live, errors.TemplateFileNotFound, header(media_id=id_))


def test_who_sees_no_uploads_shows_none(live):
    media_id = an_upload()
    only = factories.principal(live)
    only = type(only)(**{**vars(only), "permissions": frozenset({"templates:manage"})})
    with acting(only):
        refused(live, PermissionDenied, header(media_id=media_id))


# ------------------------------------------------------------------------- an upload that fails


@pytest.mark.parametrize(("fault", "error"), [
    ({"code": 100}, errors.TemplateRefused), ({"code": 200}, errors.TemplateRefused),
    ({"code": 2}, errors.ProviderUnavailable), ({"code": 4}, errors.ProviderUnavailable),
    ({"invalid_json": True}, errors.ProviderUnavailable), ({"reset_before": True}, errors.ProviderUnavailable),
])  # fmt: skip
@pytest.mark.parametrize("path", ["/uploads", "/upload:"])
def test_nothing_is_submitted_when_an_upload_fails(live, fault, error, path):
    media_id = an_upload()
    live.simulator.fail_next(match={"path": path}, **fault)
    caught = refused(live, error, header(media_id=media_id))
    assert caught.errors == [{"field": "components.0.example.media_id", "code": "refused"}]
    live.channel.refresh_from_db()
    assert live.channel.status == "active"
    assert create(live, header(media_id=media_id)).status == "PENDING"


def test_a_token_of_another_app_is_told_so(live):
    live.channel.external["app_id"] = "404404"
    live.channel.save(update_fields=["external"])
    error = refused(live, errors.TemplateRefused, header(media_id=an_upload()))
    assert "the app whose id it has" in error.detail


def test_files_that_take_too_long_together_are_given_up(live, monkeypatch):
    monkeypatch.setattr(template_files, "LONGEST_S", -1.0)
    refused(live, errors.ProviderUnavailable, header(media_id=an_upload()))
    assert calls(live, "/uploads") == []


def test_nothing_of_a_file_is_in_what_is_stored(live):
    media_id = an_upload()
    made = create(live, header(media_id=media_id))
    assert media_id not in json.dumps([made.components, made.history])
