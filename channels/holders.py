"""Who is reached by an address, and who was when something came for it.

It follows from what was proved with the provider here, and from nothing that a tenant, or an archive,
says of itself.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from channels.models import ChannelAddress, FormerAddress
from channels.services.connect import ADDRESSES
from kernel.mongo.doors import collection
from kernel.mongo.rows import hydrated
from kernel.scoping import active_tenant_id

Address = tuple[str, str]
Owner = tuple[str, str]
"""Ids of a tenant and of its channel."""
NOBODY = ""
KINDS = tuple(sorted({kind for kinds in ADDRESSES.values() for kind in kinds}))


@dataclass(frozen=True)
class _Hold:
    tenant_id: str
    channel_id: str
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
            self._add(old, _Hold(old.tenant_id, old.channel_id, old.since, old.until))
        for row in _present(where) if values else []:
            self._add(row, _Hold(row.tenant_id, row.channel_id, row.created_at, None))
        for holds in self._holds.values():
            holds.sort(key=lambda hold: hold.since)

    def _add(self, row: ChannelAddress | FormerAddress, hold: _Hold) -> None:
        self._holds[row.kind, row.value].append(hold)

    def at(self, address: Address, moment: datetime) -> str:
        """The tenant of what came at that moment and was routed: what came before anybody
        had the address went to the next one who did. ``NOBODY`` if there was none."""
        return self.owner_at(address, moment)[0]

    def owner_at(self, address: Address, moment: datetime) -> Owner:
        """``at``, with the channel."""
        for hold in self._holds.get(address, ()):
            if hold.until is None or moment <= hold.until:
                return hold.tenant_id, hold.channel_id
        return NOBODY, NOBODY

    def of_waiting(self, address: Address) -> str:
        """The tenant of what is not routed yet: its present holder, else the last one."""
        holds = self._holds.get(address)
        return holds[-1].tenant_id if holds else NOBODY


class Owners:
    """Whose something is that came for an address at some moment: of who had it then.

    What is worked on late, behind a backlog or after an outage, may have another holder by now,
    who must not be given it. One read; a second only for what is older than its present holder.
    """

    def __init__(self, received: Collection[tuple[Address, datetime]]) -> None:
        self._present = {(row.kind, row.value): row for row in _present(_any_of(received))}
        self._past = Holders({address for address, moment in received
                              if not self._has_held(address, moment)})  # fmt: skip

    def _has_held(self, address: Address, moment: datetime) -> bool:
        row = self._present.get(address)
        return row is not None and row.created_at <= _utc(moment)

    def of(self, address: Address, moment: datetime) -> Owner:
        """The owner; ``NOBODY`` twice if nobody had the address then, or has had it since.

        Without a channel where it was given up before that was noted.
        """
        row = self._present.get(address)
        if row is not None and self._has_held(address, moment):
            return row.tenant_id, row.channel_id
        return self._past.owner_at(address, _utc(moment))

    def replayed_first(self) -> set[Address]:
        """The addresses for which older things wait to be routed, before anything newer."""
        return {address for address, row in self._present.items() if row.replay_pending}


def _any_of(received: Collection[tuple[Address, datetime]]) -> dict[str, Any]:
    kinds = sorted({kind for (kind, _), _ in received})
    values = sorted({value for (_, value), _ in received})
    return {"kind": {"$in": kinds}, "value": {"$in": values}}


def _utc(moment: datetime) -> datetime:
    """The driver gives times without a zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def own_addresses() -> set[Address]:
    """By what the active tenant is reached, and was before."""
    mine = {"tenant_id": active_tenant_id()}
    present = {(row.kind, row.value) for row in _present(mine)}
    return present | {(row.kind, row.value) for row in _former(mine)}


def _present(where: dict[str, Any]) -> list[ChannelAddress]:
    return hydrated(ChannelAddress, collection(ChannelAddress).find(where))


def _former(where: dict[str, Any]) -> list[FormerAddress]:
    return hydrated(FormerAddress, collection(FormerAddress).find(where))
