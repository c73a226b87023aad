"""Links to files: signed, expiring, bound to the tenant."""

from django.conf import settings
from django.core import signing

from kernel.scoping import active_tenant_id
from messaging.errors import MediaNotFound

SALT = "media-link"


def link_to(attachment_id: str, *, is_thumbnail: bool = False) -> str:
    """An address that serves the file, or its smaller copy, for an hour, without any other credential."""
    named = [active_tenant_id(), attachment_id, *(["thumbnail"] if is_thumbnail else [])]
    token = signing.dumps(named, salt=SALT, compress=False)
    return f"{settings.PUBLIC_URL}/api/v1/media/content/{token}"


def opened(token: str) -> tuple[str, str, bool]:
    """Tenant id, attachment id, and whether it is of the smaller copy; ``MediaNotFound`` if forged or expired."""
    try:
        tenant_id, attachment_id, *copy = signing.loads(
            token, salt=SALT, max_age=settings.MEDIA_LINK_S
        )
    except (signing.BadSignature, ValueError) as error:
        raise MediaNotFound from error
    return tenant_id, attachment_id, copy == ["thumbnail"]
