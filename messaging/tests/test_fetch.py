"""A customer's file is fetched, checked and kept; a failure never hurts its message."""

import hashlib

import pytest
import requests
from django.core.files.storage import default_storage

from channels.models import Channel
from kernel.clock import now
from kernel.models import DomainEvent, Lane
from kernel.mongo.doors import hasty
from kernel.scoping.keys import tenant_path
from kernel.work import enqueue, serving
from messaging.media import fetch
from messaging.media.sniff import sniffed
from messaging.models import Attachment
from tests import factories
from tests.inbound import work_off
from tests.simulator import TOKEN

JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 50


def upload(live, data=JPEG, mime_type="image/jpeg"):
    """A file that the customer's message refers to; returns the provider's id."""
    phone = live.channel.external["phone_number_id"]
    answer = requests.post(
        f"{live.simulator.url}/v26.0/{phone}/media", headers={"Authorization": f"Bearer {TOKEN}"},
        data={"messaging_product": "whatsapp", "type": mime_type}, files={"file": ("f", data, mime_type)},
        timeout=10,
    )  # fmt: skip
    return answer.json()["id"]


def waiting(live, media_id, **fields):
    message = factories.message(live.conversation, type="image", attachment_count=1, seq=1)
    row = Attachment(lane=media_id, channel=live.channel, message_id=message.pk, kind="image",
                     provider_id=media_id, mime_type="image/jpeg", **fields)  # fmt: skip
    return enqueue("media", row)


def fetched():
    work_off("media")
    return Attachment.objects.get()


def test_a_file_is_kept_under_the_tenants_own_folder_by_its_hash(live):
    waiting(live, upload(live))
    file, digest = fetched(), hashlib.sha256(JPEG).hexdigest()
    assert (file.media_state, file.state, file.sha256, file.size) == (
        "stored",
        "done",
        digest,
        len(JPEG),
    )
    assert file.path == tenant_path("media", digest[:2], digest)
    assert default_storage.open(file.path).read() == JPEG
    assert (file.mime_type, file.error) == ("image/jpeg", "")
    assert DomainEvent.objects.get(type="attachment.stored").data["attachment_id"] == file.pk
    assert hasty(Lane).count_documents({"kind": "media"}) == 0


def test_the_bytes_decide_what_a_file_is(live):
    page = b"<html><script>alert(1)</script></html>"
    waiting(live, upload(live, JPEG), sha256="")
    assert fetched().mime_type == "image/jpeg"
    assert sniffed(page, "image/jpeg") == "application/octet-stream"
    assert sniffed(JPEG, "text/html") == "image/jpeg"
    assert sniffed(b"plain", "text/plain; charset=utf-8") == "text/plain"


def test_bytes_that_do_not_match_their_checksum_are_never_kept(live, monkeypatch):
    monkeypatch.setattr(fetch, "RETRY_S", (0,) * 6)
    waiting(live, upload(live), sha256="0" * 64)
    file = fetched()
    assert (file.media_state, file.path, file.state) == ("failed", "", "dead")
    assert file.attempts in (serving.MAX_ATTEMPTS, serving.MAX_ATTEMPTS + 1)
    assert DomainEvent.objects.filter(type="attachment.failed").count() == 1
    assert not default_storage.exists(live.tenant.pk)


def test_a_file_that_is_gone_is_said_to_be(live):
    waiting(live, "123456789012345")
    file = fetched()
    assert (file.media_state, file.state) == ("failed", "dead")
    assert file.error
    assert DomainEvent.objects.get(type="attachment.failed").data["error"] == file.error


def test_a_file_that_is_too_large_is_refused(live, settings):
    settings.MEDIA_MAX_BYTES = 10
    waiting(live, upload(live))
    assert (fetched().media_state, fetched().path) == ("failed", "")


def test_trouble_at_the_provider_is_tried_again_later(live):
    waiting(live, upload(live))
    live.simulator.fail_next(http_status=500, count=1)
    file = fetched()
    assert (file.media_state, file.state) == ("pending", "ready")
    assert file.due_at > now()
    Attachment.objects.update(due_at=now())
    Lane.objects.filter(kind="media").update(due_at=now())
    assert fetched().media_state == "stored"


def test_a_broken_channel_keeps_its_files_waiting(live):
    waiting(live, upload(live))
    live.simulator.do("tokens", action="revoke", token=TOKEN)
    try:
        assert fetched().state == "parked"
        assert Channel.objects.get(pk=live.channel.pk).status == "broken"
    finally:
        live.simulator.do("tokens", action="restore", token=TOKEN)


@pytest.mark.parametrize("times", [2])
def test_the_same_bytes_are_kept_once(live, times):
    for _ in range(times):
        row = Attachment(lane=factories.digits(), channel=live.channel, kind="image",
                         provider_id=upload(live), mime_type="image/jpeg")  # fmt: skip
        enqueue("media", row)
    work_off("media")
    assert len(set(Attachment.objects.values_list("path", flat=True))) == 1
    assert set(Attachment.objects.values_list("media_state", flat=True)) == {"stored"}
