"""Fetching a customer's file. The message is there already; a failure here never hurts it."""

import base64
import binascii
import hashlib
import hmac
import os

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from channels.models import Channel
from channels.providers.abilities import LooksUp
from channels.providers.contract import (
    ChannelBroken,
    Client,
    Downloaded,
    NotSent,
    Rejected,
    Throttled,
    Transient,
)
from channels.providers.contract import Outcome as ProviderOutcome
from channels.providers.events import Written
from channels.selectors import hold_reason
from channels.services.connect import break_channel
from channels.services.locked import opened_or_held, unlocked
from kernel.events import emit
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.ids import new_id
from kernel.scoping.keys import tenant_path
from kernel.work import Bury, Done, Hold, Kind, Later, Lease, Released, StaleFence, register
from kernel.work.outcomes import Outcome
from kernel.work.serving import serve_one
from messaging.events import AttachmentFailed, AttachmentStored
from messaging.media.removal import remove
from messaging.media.sniff import sniffed
from messaging.media.thumbnails import keep_thumbnail
from messaging.models import Attachment, Message
from tenants.services.limits import charge

RETRY_S = (5, 30, 120, 600, 1800)


def register_kind() -> None:
    register(Kind(name="media", queue="default", serve=serve, lease_s=60.0, one_shot=True))


def serve(lease: Lease) -> Released:
    return serve_one(Attachment, lease, fetch, on_bury=_gave_up)


def fetch(attachment: Attachment) -> Outcome:
    """Download, check, keep; or remove what was kept of a message that was taken back."""
    if attachment.media_state == Attachment.REMOVED:
        return remove(attachment)
    channel = Channel.objects.get(pk=attachment.channel_id)
    if channel.status == Channel.BROKEN and not unlocked(channel):
        raise Hold(hold_reason(channel))
    answer = _downloaded(opened_or_held(channel), attachment)
    if isinstance(answer, Downloaded):
        return _keep(attachment, answer)
    if isinstance(answer, ChannelBroken):
        break_channel(channel=channel, reason=f"{answer.title}. {answer.advice}")
        raise Hold(hold_reason(channel))
    if isinstance(answer, Rejected):
        return Bury(reason=answer.title, apply=lambda: _gave_up(attachment, answer.title))
    return _later(attachment, answer)


def _downloaded(client: Client, attachment: Attachment) -> Downloaded | ProviderOutcome:
    """By the provider's id, or by the link that came with the message, or by the link that it has now."""
    most = settings.MEDIA_MAX_BYTES
    answer = client.download(attachment.provider_id or attachment.source_url, max_bytes=most)
    if isinstance(answer, Rejected) and not attachment.provider_id and isinstance(client, LooksUp):
        link = _new_link(client, attachment)
        return client.download(link, max_bytes=most) if link else answer
    return answer


def _new_link(client: LooksUp, attachment: Attachment) -> str:
    """Links expire; a recent message can be read again. Empty where it says nothing new."""
    message = Message.objects.filter(pk=attachment.message_id).first()
    if message is None:
        return ""
    told = client.read_message(message.external_id)
    events = told if isinstance(told, list) else []
    files = [ref for event in events if isinstance(event, Written) for ref in event.media]
    own = list(Attachment.objects.filter(message_id=message.pk).order_by("id")
               .values_list("pk", flat=True))  # fmt: skip
    if len(files) != len(own):
        return ""
    link = files[own.index(attachment.pk)].url
    return link if link != attachment.source_url else ""


def _later(attachment: Attachment, answer: object) -> Outcome:
    reason = getattr(answer, "title", "") or getattr(answer, "reason", "no answer")
    tried = attachment.attempts - 1
    if tried >= len(RETRY_S) - 1:
        return Bury(reason=reason, apply=lambda: _gave_up(attachment, reason))
    wait = (
        answer.retry_after
        if isinstance(answer, Throttled) and answer.retry_after
        else RETRY_S[tried]
    )
    burn = isinstance(answer, Transient | NotSent)
    return Later(seconds=float(wait), error=str(reason), burn=burn)


def _keep(attachment: Attachment, file: Downloaded) -> Outcome:
    digest = hashlib.sha256(file.data).hexdigest()
    claimed = attachment.sha256 or file.sha256
    if claimed and not hmac.compare_digest(digest, in_hex(claimed)):
        return Later(seconds=RETRY_S[min(attachment.attempts, len(RETRY_S)) - 1],
                     error="the bytes do not match their checksum")  # fmt: skip
    _claim(attachment, tenant_path("media", digest[:2], digest))
    path = store(digest, file.data)
    mime_type = sniffed(file.data, file.mime_type or attachment.mime_type)[:120]
    fields = {"media_state": Attachment.STORED, "path": path, "size": len(file.data), "sha256": digest,
              "mime_type": mime_type, "thumbnail_path": keep_thumbnail(digest, file.data, mime_type)}  # fmt: skip

    def apply() -> None:
        _set(attachment, fields)
        emit(AttachmentStored(attachment_id=attachment.pk, message_id=attachment.message_id))

    return Done(apply=apply)


def in_hex(digest: str) -> str:
    """A checksum in one form: providers write it in hex or in base64, in either alphabet."""
    if len(digest) == 2 * hashlib.sha256().digest_size:
        return digest.lower()
    try:
        return base64.b64decode(digest.replace("-", "+").replace("_", "/") + "==").hex()
    except (binascii.Error, ValueError):
        return digest.lower()


def _claim(attachment: Attachment, path: str) -> None:
    """Say which bytes are about to be kept, so that a removal finds them; not if the file is taken back by now."""
    mine = {**owner(), "_id": ObjectId(attachment.pk), "fence": attachment.fence,
            "state": Attachment.LEASED}  # fmt: skip
    if not collection(Attachment).update_one(mine, {"$set": {"path": path}}).matched_count:
        raise StaleFence("the file has another holder")


def store(digest: str, data: bytes, *, is_counted: bool = False) -> str:
    """Keep bytes under the tenant's own folder, by their hash; the same bytes are kept once.

    A file of another size is what a killed process left half written. ``is_counted``: the caller
    counted them already, to be refused where there is no room.
    """
    path = tenant_path("media", digest[:2], digest)
    if default_storage.exists(path) and default_storage.size(path) == len(data):
        if is_counted:
            charge("storage_bytes", -len(data))
        return path
    if not is_counted:
        charge("storage_bytes", len(data))
    if not hasattr(default_storage, "location"):  # no files: a save there is whole or nothing
        default_storage.delete(path)
        return default_storage.save(path, ContentFile(data))
    partial = default_storage.save(f"{path}.{new_id()}", ContentFile(data))
    os.replace(default_storage.path(partial), default_storage.path(path))
    return path


def _gave_up(attachment: Attachment, reason: str) -> None:
    if attachment.media_state == Attachment.REMOVED:
        return  # nobody is shown it; the buried item tells support
    _set(attachment, {"media_state": Attachment.FAILED, "error": reason[:300]})
    emit(
        AttachmentFailed(
            attachment_id=attachment.pk, message_id=attachment.message_id, error=reason[:300]
        )
    )


def _set(attachment: Attachment, fields: dict[str, object]) -> None:
    collection(Attachment).update_one({**owner(), "_id": ObjectId(attachment.pk)}, {"$set": fields})
