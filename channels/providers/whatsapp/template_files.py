"""The files that a template shows as examples: where they are named, what each may be, their handles.

A caller names an upload of ours by ``media_id``, or a file that Meta has by ``header_handle``.
Source: Meta's pages on template components and on the Resumable Upload API, which takes fewer types
than a message does.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from channels.providers.abilities import ExampleFile
from channels.providers.contract import InvalidMessage
from channels.providers.whatsapp.access import as_list, as_object, as_objects, as_text
from channels.providers.whatsapp.limits import FILES, MB, FileLimit

Json = dict[str, Any]

# The loop of a GIF is a short film.
FILE_HEADERS: dict[str, FileLimit] = {
    "IMAGE": FileLimit(mime_types=("image/jpeg", "image/png"), max_bytes=FILES["image"].max_bytes),
    "VIDEO": FileLimit(mime_types=("video/mp4",), max_bytes=FILES["video"].max_bytes),
    "GIF": FileLimit(mime_types=("video/mp4",), max_bytes=7 * MB // 2),
    "DOCUMENT": FileLimit(mime_types=("application/pdf",), max_bytes=FILES["document"].max_bytes),
}


def check_named(field: str, example: Mapping[str, Any]) -> None:
    """A header's file is named in one of the two ways."""
    handles, media_id = as_list(dict(example), "header_handle"), example.get("media_id")
    if media_id is None and not handles:
        raise InvalidMessage(
            f"{field}.example.header_handle",
            "The example is missing: the handle of a file, or the media_id of an upload.",
        )
    if media_id is None:
        return
    if not isinstance(media_id, str) or not media_id:
        raise InvalidMessage(f"{field}.example.media_id", "The id of a file that was uploaded.")
    if handles:
        raise InvalidMessage(
            f"{field}.example.media_id", "Give either a header_handle or a media_id."
        )


def example_files(components: Any) -> list[ExampleFile]:
    """Return the uploads that checked components name, in their order."""
    found = []
    for field, header in _headers(components):
        if media_id := as_text(as_object(header, "example"), "media_id"):
            kind = as_text(header, "format").upper()
            where = f"{field}.example.media_id"
            found.append(ExampleFile(field=where, kind=kind, media_id=media_id))
    return found


def validate_example(file: ExampleFile, mime_type: str, size: int) -> None:
    """Raise `InvalidMessage` for a file that Meta would not take for this header; ``size`` in bytes."""
    limit = FILE_HEADERS[file.kind]
    if mime_type not in limit.mime_types:
        allowed = ", ".join(limit.mime_types)
        raise InvalidMessage(
            file.field, f"A file of type {mime_type or 'unknown'} is none of: {allowed}."
        )
    if size <= 0:
        raise InvalidMessage(file.field, "The file is empty.")
    if size > limit.max_bytes:
        raise InvalidMessage(
            file.field, f"The file is larger than {limit.max_bytes} bytes.", limit=limit.max_bytes
        )


def with_handles(components: Any, handles: Mapping[str, str]) -> list[Json]:
    """Return the components as Meta takes them, each upload's handle in its place."""
    whole: list[Json] = copy.deepcopy(components)
    for _, header in _headers(whole):
        example = as_object(header, "example")
        if media_id := as_text(example, "media_id"):
            del example["media_id"]
            example["header_handle"] = [handles[media_id]]
    return whole


def are_same(ours: Any, theirs: Any) -> bool:
    """Return whether components differ in nothing but where Meta shows their files.

    A template was made with a handle; a list has a signed link in its place, another one each time.
    """
    return _without_files(ours) == _without_files(theirs)


def _without_files(components: Any) -> list[Json]:
    whole: list[Json] = copy.deepcopy(components)
    for _, header in _headers(whole):
        as_object(header, "example").pop("header_handle", None)
    return whole


def _headers(components: Any, field: str = "components") -> Iterator[tuple[str, Json]]:
    """Each header that shows a file, with its field's name: the template's own, and those of cards."""
    for index, part in enumerate(components):
        kind, name = as_text(part, "type").upper(), f"{field}.{index}"
        if kind == "HEADER" and as_text(part, "format").upper() in FILE_HEADERS:
            yield name, part
        for number, card in enumerate(as_objects(part, "cards") if kind == "CAROUSEL" else ()):
            yield from _headers(as_objects(card, "components"), f"{name}.cards.{number}.components")
