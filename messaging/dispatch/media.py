"""Files on their way out: uploaded to the provider once for each message, also when it is tried again."""

from datetime import timedelta

from django.core.files.storage import default_storage

from channels.models import Channel
from channels.providers.contract import Client, Outcome
from kernel.clock import now
from messaging.models import Attachment, Message

PROVIDER_KEEPS = timedelta(days=29)  # Meta keeps an upload for 30 days


def provider_media_id(client: Client, channel: Channel, message: Message) -> str | Outcome:
    """The provider's id for the message's own file; empty when it has none; an outcome when uploading fails."""
    if not message.attachment_count:
        return ""
    file = Attachment.objects.filter(message_id=message.pk).order_by("id").first()
    if file is None:
        return ""
    if file.provider_id and file.provider_until and file.provider_until > now():
        return file.provider_id
    with default_storage.open(file.path, "rb") as handle:
        answer = client.upload(handle.read(), file.mime_type, file.filename or "file")
    if isinstance(answer, str):
        until = now() + PROVIDER_KEEPS
        Attachment.objects.filter(path=file.path, message_id=message.pk).update(
            provider_id=answer, provider_until=until
        )
    return answer
