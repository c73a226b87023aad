"""What came as a bare id becomes work of its own: it is read at the provider, outside the batch's transaction."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from channels.models import Channel
from channels.providers import provider_for
from channels.providers.events import (
    Announced,
    Event,
    Identity,
    InboundMessage,
    Person,
    PressedButton,
)
from crm.models import Contact
from crm.services.resolve import Key, key_of
from kernel.clock import iso
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.work.items import enqueue_many
from messaging.ingest.targets import find_targets
from messaging.models import Lookup


def note_announced(arrivals: Sequence[tuple[Channel, Event]]) -> None:
    """Queue a lookup of each, once; none of what the same batch or an earlier one has brought whole."""
    rows = [_row(channel, event) for channel, event in arrivals if isinstance(event, Announced)]
    if not rows:
        return
    here = find_targets((row.channel_id, row.external_id) for row in rows)
    known = _known_keys(rows)
    fresh = []
    for row in rows:
        is_here = row.what != Lookup.EDIT and (row.channel_id, row.external_id) in here
        if not is_here and (row.channel_id, row.key) not in known:
            known.add((row.channel_id, row.key))
            fresh.append(row)
    enqueue_many("lookup", fresh)


def announce_strangers(
    arrivals: Sequence[tuple[Channel, Event]], contacts: dict[Key, Contact]
) -> None:
    """Have those looked up who wrote for the first time and without a name, where a name can be read."""
    told: dict[str, tuple[Channel, Event]] = {}
    for channel, event in arrivals:
        person = event.sender if isinstance(event, InboundMessage | PressedButton) else None
        identity = person.identities[0] if person and person.identities else None
        if identity is None or identity.kind not in provider_for(channel.kind).profiled_kinds:
            continue
        contact = contacts[key_of(identity)]
        if not contact.name and not contact.username:
            found = Announced(what=Lookup.PROFILE, external_id=identity.value, person=person)
            told[identity.value] = channel, found
    note_announced(list(told.values()))


def _row(channel: Channel, event: Announced) -> Lookup:
    at = iso(event.provider_at) if event.what == Lookup.EDIT and event.provider_at else ""
    who = event.person.identities[0].value if event.person and event.person.identities else ""
    lane = hashlib.sha256(f"{channel.pk}:{who or event.external_id}".encode()).hexdigest()[:40]
    return Lookup(
        lane=f"lookup:{lane}", channel=channel, what=event.what, external_id=event.external_id,
        key=f"{event.what}:{event.external_id}:{at}", detail=event.detail,
        person=asdict(event.person) if event.person else None, provider_at=event.provider_at,
    )  # fmt: skip


def _known_keys(rows: Sequence[Lookup]) -> set[tuple[str, str]]:
    channels = [ObjectId(channel) for channel in {row.channel_id for row in rows}]
    where = {**owner(), "channel_id": {"$in": channels}, "key": {"$in": [row.key for row in rows]}}
    found = collection(Lookup).find(where, {"channel_id": 1, "key": 1}, batch_size=len(rows) + 1)
    return {(str(row["channel_id"]), row["key"]) for row in found}


def person_of_lookup(lookup: Lookup) -> Person | None:
    """The customer that the announcement named."""
    kept: dict[str, Any] | None = lookup.person
    if not kept:
        return None
    identities = tuple(Identity(**identity) for identity in kept["identities"])
    return Person(**{**kept, "identities": identities}) if identities else None
