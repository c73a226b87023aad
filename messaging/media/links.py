"""Links to files: signed, expiring, bound to the tenant."""

from django.conf import settings
from django.core import signing

from kernel.scoping import active_tenant_id
from messaging.errors import MediaNotFound

SALT = "media-link"


def link_to(attachment_id: str) -> str:
    """An address that serves the file for an hour, without any other credential."""
    token = signing.dumps([active_tenant_id(), attachment_id], salt=SALT, compress=False)
    return f"{settings.PUBLIC_URL}/api/v1/media/content/{token}"


def opened(token: str) -> tuple[str, str]:
    """Tenant id and attachment id of a link; raises ``MediaNotFound`` for a forged or expired one."""
    try:
        tenant_id, attachment_id = signing.loads(token, salt=SALT, max_age=settings.MEDIA_LINK_S)
    except (signing.BadSignature, ValueError) as error:
        raise MediaNotFound from error
    return tenant_id, attachment_id
