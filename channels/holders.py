"""Who is reached by an address, and who was when something came for it.

It follows from what was proved with the provider here, and from nothing that a tenant, or an archive,
says of itself.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels.models import ChannelAddress, FormerAddress
from channels.services.connect import ADDRESSES
from kernel.mongo.doors import collection
from kernel.mongo.rows import hydrated
from kernel.scoping import active_tenant_id

Address = tuple[str, str]
NOBODY = ""
KINDS = tuple(sorted({kind for kinds in ADDRESSES.values() for kind in kinds}))


@dataclass(frozen=True)
class _Hold:
    tenant_id: str
    since: datetime
    until: datetime | None


class Holders:
    """The holders of some addresses, past and present, as of now."""

    def __init__(self, addresses: Collection[Address]) -> None:
        self._holds: dict[Address, list[_Hold]] = defaultdict(list)
        kinds = sorted({kind for kind, _ in addresses})
        values = sorted({value for _, value in addresses})
        where = {"kind": {"$in": kinds}, "value": {"$in": values}}
        for old in _former(where) if values else []:
            self._add(old, _Hold(old.tenant_id, old.since, old.until))
        for row in _present(where) if values else []:
            self._add(row, _Hold(row.tenant_id, row.created_at, None))
        for holds in self._holds.values():
            holds.sort(key=lambda hold: hold.since)

    def _add(self, row: ChannelAddress | FormerAddress, hold: _Hold) -> None:
        self._holds[row.kind, row.value].append(hold)

    def at(self, address: Address, moment: datetime) -> str:
        """The tenant of what came at that moment and was routed: what came before anybody
        had the address went to the next one who did. ``NOBODY`` if there was none."""
        for hold in self._holds.get(address, ()):
            if hold.until is None or moment <= hold.until:
                return hold.tenant_id
        return NOBODY

    def of_waiting(self, address: Address) -> str:
        """The tenant of what is not routed yet: its present holder, else the last one."""
        holds = self._holds.get(address)
        return holds[-1].tenant_id if holds else NOBODY


def own_addresses() -> set[Address]:
    """By what the active tenant is reached, and was before."""
    mine = {"tenant_id": active_tenant_id()}
    present = {(row.kind, row.value) for row in _present(mine)}
    return present | {(row.kind, row.value) for row in _former(mine)}


def _present(where: dict[str, Any]) -> list[ChannelAddress]:
    return hydrated(ChannelAddress, collection(ChannelAddress).find(where))


def _former(where: dict[str, Any]) -> list[FormerAddress]:
    return hydrated(FormerAddress, collection(FormerAddress).find(where))
