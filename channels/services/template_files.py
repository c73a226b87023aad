"""Files of ours in a template: each found and checked, then given to the provider, its handle in its place."""

import time
from collections.abc import Sequence
from typing import Any

from channels.errors import ProviderUnavailable, TemplateFileNotFound
from channels.files import Upload, upload_of
from channels.providers.abilities import ExampleFile, TemplateClient, TemplateProvider
from channels.providers.contract import InvalidMessage
from channels.services.template_asking import answered, invalid

# For all files of a template together: a person waits.
LONGEST_S = 60.0
Json = dict[str, Any]


def with_uploads(
    provider: TemplateProvider, client: TemplateClient, components: list[Json]
) -> list[Json]:
    """The checked components as the provider takes them. Never inside a transaction.

    Nothing is uploaded before every file has been checked. Raises ``TemplateFileNotFound`` and
    ``InvalidTemplate`` with the field; ``TemplateRefused`` and ``ProviderUnavailable`` for an upload
    that fails.
    """
    named = provider.example_files(components)
    if not named:
        return components
    found = [(file, _checked(provider, file)) for file in named]
    return provider.with_handles(components, _handles(client, found))


def _checked(provider: TemplateProvider, file: ExampleFile) -> Upload:
    upload = upload_of(file.media_id)
    if upload is None:
        raise TemplateFileNotFound(errors=[{"field": file.field, "code": "unknown"}])
    try:
        provider.validate_example(file, upload.mime_type, upload.size)
    except InvalidMessage as error:
        raise invalid(error) from error
    return upload


def _handles(client: TemplateClient, found: Sequence[tuple[ExampleFile, Upload]]) -> dict[str, str]:
    """Media id → handle. A file that several cards show goes once."""
    until, handles = time.monotonic() + LONGEST_S, dict[str, str]()
    for file, upload in found:
        if file.media_id in handles:
            continue
        if time.monotonic() > until:
            raise ProviderUnavailable(
                f"The files were not uploaded within {LONGEST_S:.0f} seconds."
            )
        answer = client.upload_example(upload.read(), upload.mime_type)
        handles[file.media_id] = answered(answer, about=file.field)
    return handles
