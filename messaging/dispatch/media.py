"""Files on their way out: uploaded to the provider once for each channel, and reused while it keeps them."""

from datetime import timedelta

from django.conf import settings
from django.core.files.storage import default_storage

from channels.models import Channel
from channels.providers.abilities import FetchesLinks
from channels.providers.contract import Client, Outcome, Rejected, Transient
from kernel.clock import now
from messaging.media.links import link_to
from messaging.models import Attachment, Message

PROVIDER_KEEPS = timedelta(days=29)  # WhatsApp keeps an upload for 30 days, Instagram for 90


def provider_media_id(client: Client, channel: Channel, message: Message) -> str | Outcome:
    """The provider's id for the message's own file; empty when it has none; an outcome when uploading fails."""
    file = _file_of(message)
    if file is None:
        return ""
    if known := _uploaded_before(channel, file):
        return known
    answer = _upload(client, file)
    if isinstance(answer, str):
        Attachment.objects.filter(pk=file.pk).update(
            provider_id=answer, provider_until=now() + PROVIDER_KEEPS
        )
    return answer


def forget_upload(channel: Channel, message: Message) -> None:
    """The next message with this file has it uploaded anew."""
    file = _file_of(message)
    if file is not None:
        Attachment.objects.filter(path=file.path, channel=channel).update(provider_until=None)


def _file_of(message: Message) -> Attachment | None:
    if not message.attachment_count:
        return None
    return Attachment.objects.filter(message_id=message.pk).order_by("id").first()


def _uploaded_before(channel: Channel, file: Attachment) -> str:
    """An id is good for the account that uploaded it, so for this channel alone."""
    same = Attachment.objects.filter(path=file.path, channel=channel, provider_until__gt=now())
    return next((one.provider_id for one in same[:20] if one.provider_id), "")


def _upload(client: Client, file: Attachment) -> str | Outcome:
    """By a link of ours that the provider fetches, where it can and we are public; else the bytes."""
    if isinstance(client, FetchesLinks) and settings.PUBLIC_URL.startswith("https://"):
        answer = client.attach(file.kind, link_to(file.pk))
        if not isinstance(answer, Rejected | Transient):
            return answer
    with default_storage.open(file.path, "rb") as handle:
        return client.upload(handle.read(), file.mime_type, file.filename or "file")
