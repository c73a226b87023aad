"""Reading a raw delivery for one tenant: what in it is that tenant's, and what may be shown of it.

Raw deliveries are global, because one POST may mix tenants. Whoever reads one does so for the active
tenant, and sees nothing that belongs to another.
"""

import json
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html

from channels.holders import NOBODY, Owners
from channels.providers.contract import RawItem
from kernel.backoffice import columns
from kernel.scoping import active_tenant_id
from webhooks.cutting import items_of
from webhooks.models import WebhookDelivery

BODY_SHOWN = 200_000


@dataclass(frozen=True)
class Opened:
    """A body cut into items. ``owners`` are the tenants of its items, ``NOBODY`` for those of none."""

    text: str
    owners: frozenset[str]
    own: tuple[tuple[str, RawItem], ...]

    @property
    def is_own(self) -> bool:
        """Whether all of it is the active tenant's."""
        return self.owners == {active_tenant_id()}

    def readable(self, *, unowned: bool) -> str:
        """What may be shown: all of it, the active tenant's items alone, or nothing.

        ``unowned``: the reader may also see what nobody owns.
        """
        allowed = {active_tenant_id(), *([NOBODY] if unowned else ())}
        if self.owners <= allowed:
            return self.text
        items = [item.body for _, item in self.own]
        return json.dumps(items, indent=2, ensure_ascii=False) if items else ""


def open_body(delivery: WebhookDelivery) -> Opened:
    """The delivery's body, with whose each item is. ``own`` pairs channel ids with items."""
    body = bytes(delivery.body)
    cuts = items_of(body)
    items = [cut for cut in cuts if isinstance(cut, RawItem)]
    addresses = [(item.address_kind, item.address) for item in items]
    owners = Owners({(address, delivery.received_at) for address in addresses})
    owned = [owners.of(address, delivery.received_at) for address in addresses]
    found = list(zip(owned, items, strict=True))
    strays = {NOBODY} if len(items) < len(cuts) or not cuts else set()
    mine = active_tenant_id()
    return Opened(
        text=_readable(body),
        owners=frozenset(strays | {tenant for (tenant, _), _ in found}),
        own=tuple((channel, item) for (tenant, channel), item in found if tenant == mine),
    )


def _readable(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


def shown_body(request: Any, delivery: WebhookDelivery) -> Any:
    """The bytes as text; of one that carries others' items too, those of the chosen tenant alone.

    What nobody owns is for superusers: it may be anybody's.
    """
    opened = open_body(delivery)
    text = opened.readable(unowned=request.user.is_superuser)
    if text and text != opened.text:
        note = "This delivery carries items of others as well. These are the chosen tenant's own:"
        return format_html("<p>{}</p>{}", note, columns.block(text[:BODY_SHOWN]))
    if not text:
        return "Nothing in this delivery is the chosen tenant's, so its body is not shown."
    return columns.block(text[:BODY_SHOWN])
