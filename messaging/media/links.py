"""Links to files: signed, expiring, bound to the tenant and to whom they were shown."""

from django.conf import settings
from django.core import signing

from kernel.scoping import active_tenant_id
from messaging.errors import MediaNotFound
from tenants.readers import Reader, present_reader

SALT = "media-link"


def link_to(attachment_id: str, *, is_thumbnail: bool = False) -> str:
    """An address that serves the file, or its smaller copy, for an hour, without any other credential.

    As long as whoever acts now may read it.
    """
    copy = ["thumbnail"] if is_thumbnail else []
    named = [active_tenant_id(), attachment_id, *present_reader(), *copy]
    token = signing.dumps(named, salt=SALT, compress=False)
    return f"{settings.PUBLIC_URL}/api/v1/media/content/{token}"


def opened(token: str) -> tuple[str, str, Reader, bool]:
    """Tenant id, attachment id, whom it is for, and whether it is of the smaller copy.

    ``MediaNotFound`` if it is forged or has expired.
    """
    try:
        tenant_id, attachment_id, kind, reader_id, *copy = signing.loads(
            token, salt=SALT, max_age=settings.MEDIA_LINK_S
        )
    except (signing.BadSignature, ValueError) as error:
        raise MediaNotFound from error
    return tenant_id, attachment_id, (kind, reader_id), copy == ["thumbnail"]
