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
from messaging.services.drafts import draft_again, media_ids_of

PROVIDER_KEEPS = timedelta(days=29)  # WhatsApp keeps an upload for 30 days, Instagram for 90


def uploaded_files(client: Client, channel: Channel, message: Message) -> dict[str, str] | Outcome:
    """Media id → the provider's id, for all files of the message; an outcome when one cannot be uploaded.

    What was uploaded is kept at once, so that a later try goes on from there.
    """
    if not message.attachment_count:
        return {}
    found: dict[str, str] = {}
    names = media_ids_of(draft_again(message))
    for media_id, file in zip(names, _files_of(message), strict=True):
        answer = _provider_id(client, channel, file)
        if not isinstance(answer, str):
            return answer
        found[media_id] = answer
    return found


def _provider_id(client: Client, channel: Channel, file: Attachment) -> str | Outcome:
    if known := _uploaded_before(channel, file):
        return known
    answer = _upload(client, file)
    if isinstance(answer, str):
        Attachment.objects.filter(pk=file.pk).update(
            provider_id=answer, provider_until=now() + PROVIDER_KEEPS
        )
    return answer


def forget_uploads(channel: Channel, message: Message) -> None:
    """The next message with these files has them uploaded anew."""
    for file in _files_of(message):
        Attachment.objects.filter(path=file.path, channel=channel).update(provider_until=None)


def _files_of(message: Message) -> list[Attachment]:
    """In the order in which the message names them."""
    return list(Attachment.objects.filter(message_id=message.pk).order_by("id"))


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
