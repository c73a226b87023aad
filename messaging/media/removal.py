"""Files of messages that were taken back: the bytes go, unless another message has the same."""

from collections.abc import Iterable

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.rows import find_rows
from kernel.work import Done
from kernel.work.items import replay
from kernel.work.outcomes import Outcome
from messaging.media.thumbnails import path_of
from messaging.models import Attachment
from tenants.services.limits import charge


def remove_files(message_ids: Iterable[str]) -> None:
    """Order the removal, in the caller's transaction; nobody is shown the files from then on.

    Whoever fetches one of them just now has lost it: the item is not theirs any more.
    """
    order_removal(find_rows(Attachment, {"message_id": {"$in": list(message_ids)}}))


def order_removal(files: Iterable[Attachment]) -> None:
    """The same for files in hand."""
    for file in files:
        collection(Attachment).update_one(
            {**owner(), "_id": ObjectId(file.pk)},
            {"$set": {"media_state": Attachment.REMOVED, "source_url": "", "provider_id": "",
                      "filename": "", "error": ""}},
        )  # fmt: skip
        replay("media", file)


def remove(attachment: Attachment) -> Outcome:
    """Remove the bytes of one file. Repeatable; a file that is not there is as good as removed."""
    path = attachment.path
    if path and not _is_needed(attachment):
        _remove_thumbnail(path)
    if path and not _is_needed(attachment) and default_storage.exists(path):
        with default_storage.open(path, "rb") as handle:
            data = handle.read()
        default_storage.delete(path)
        if _is_needed(attachment):  # the same bytes came for another message meanwhile
            default_storage.save(path, ContentFile(data))
        else:
            charge("storage_bytes", -len(data))
    return Done(note="removed", apply=lambda: _forget(attachment))


def _remove_thumbnail(path: str) -> None:
    """It has the name of the bytes that it was made of."""
    small = path_of(path.rsplit("/", 1)[-1])
    if default_storage.exists(small):
        default_storage.delete(small)


def _is_needed(attachment: Attachment) -> bool:
    """The same bytes are kept once; whoever has them, or is about to, says so before it looks for them."""
    where = {**owner(), "path": attachment.path, "_id": {"$ne": ObjectId(attachment.pk)},
             "media_state": {"$ne": Attachment.REMOVED}}  # fmt: skip
    return collection(Attachment).find_one(where, {"_id": 1}) is not None


def _forget(attachment: Attachment) -> None:
    collection(Attachment).update_one(
        {**owner(), "_id": ObjectId(attachment.pk)},
        {"$set": {"path": "", "sha256": "", "size": None, "thumbnail_path": ""}},
    )
