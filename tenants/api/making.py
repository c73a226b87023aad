"""Creating a tenant once, however often the request is repeated."""

import hashlib

from rest_framework.request import Request

from config.api.once import key_of
from kernel.idempotency import KeyReused
from tenants.errors import SlugTaken
from tenants.models import Tenant
from tenants.services.tenant import create_tenant


def make_tenant(request: Request, *, name: str, slug: str) -> tuple[Tenant, bool]:
    """The tenant, and whether an earlier request with this ``Idempotency-Key`` made it.

    Keys are kept inside tenants, and here there is none yet: the person and the
    key decide the new tenant's id instead, so a repetition finds it.
    """
    key = key_of(request)
    if key is None:
        return create_tenant(maker=request.user, name=name, slug=slug), False
    id_ = hashlib.sha256(f"tenant|{request.user.pk}|{key}".encode()).hexdigest()[:24]
    try:
        known = _known(id_, name, slug)
        if known is None:
            return create_tenant(maker=request.user, name=name, slug=slug, id=id_), False
    except SlugTaken:
        known = _known(id_, name, slug)
        if known is None:
            raise
    return known, True


def _known(id_: str, name: str, slug: str) -> Tenant | None:
    known = Tenant.objects.filter(pk=id_).first()
    if known is not None and (known.name, known.slug) != (name, slug):
        raise KeyReused
    return known
