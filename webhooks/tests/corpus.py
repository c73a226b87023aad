"""The recorded bodies of every provider, each made one of a channel of its own, and what must be left of it."""

import json
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from channels.models import Channel, ChannelAddress
from channels.providers import PROVIDERS, provider_for, provider_for_object
from channels.providers.contract import BadItem, RawItem
from channels.providers.events import (
    Announced,
    CallNoted,
    Commented,
    ContactNoted,
    Echo,
    Event,
    IdentityChanged,
    Ignored,
    InboundMessage,
    MessageEdited,
    MessageRevoked,
    Person,
    PreferenceChanged,
    PressedButton,
    Reaction,
    ReadUpTo,
    Referred,
    StatusUpdate,
)
from conversations.models import Conversation
from crm.models import ContactIdentity
from kernel.mongo.ids import new_id
from kernel.scoping import active_tenant_id
from messaging.models import Lookup, Message, MessageUpdate
from tests import factories
from tests.factories import digits
from tests.inbound import text as whatsapp_text
from webhooks.models import WebhookEvent
from webhooks.tests.posting import SECRET, signed

FOLDER = Path(__file__).parents[2] / "channels/providers"
ALL = [
    (p.kind, path)
    for p in PROVIDERS
    for path in sorted((FOLDER / p.kind / "fixtures").glob("*.json"))
]
ADDRESSES = ("phone_number_id", "waba_id", "ig_id")

# What becomes a message of a conversation, by the id that the provider gave it.
SHOWN = (InboundMessage, Echo, Commented, PressedButton, CallNoted)


@dataclass
class Case:
    """A recorded body under addresses that nobody else has."""

    kind: str
    name: str
    body: Any
    channels: dict[tuple[str, str], Channel]

    @property
    def bodies(self) -> list[Any]:
        return self.body if isinstance(self.body, list) and self.body else [self.body]

    @property
    def cut(self) -> list[RawItem | BadItem]:
        """As the ledger cuts it: each body that names its object by its provider."""
        found: list[RawItem | BadItem] = []
        for body in self.bodies:
            named = provider_for_object(body.get("object") if isinstance(body, dict) else None)
            unknown = [BadItem(reason="unknown", body=None)]
            found += named.explode(body) if named else unknown
        return found

    @property
    def items(self) -> list[RawItem]:
        return [item for item in self.cut if isinstance(item, RawItem)]

    @property
    def routed(self) -> list[RawItem]:
        return [item for item in self.items if (item.address_kind, item.address) in self.channels]

    def account(self, more: int = 0) -> dict[str, int]:
        """What the ledger says of it when it comes for the first time, with ``more`` of somebody else's."""
        fresh = {(self.channels[i.address_kind, i.address].pk, i.key) for i in self.routed}
        wanted = {
            "received": len(self.cut) + more, "dead": len(self.cut) - len(self.items),
            "parked": len(self.items) - len(self.routed), "stored": len(fresh) + more,
            "duplicate": len(self.routed) - len(fresh),
        }  # fmt: skip
        return {key: count for key, count in wanted.items() if count}


def case_of(kind: str, path: Path) -> Case:
    """A fixture with channels for all that it addresses; in the active tenant."""
    return cases_of((kind, path))[0]


def recorded(kind: str) -> list[Case]:
    """Every fixture of a provider."""
    return cases_of(*(one for one in ALL if one[0] == kind))


def cases_of(*fixtures: tuple[str, Path]) -> list[Case]:
    """These fixtures with their channels, written in two commands: there are hundreds."""
    cases = [_renamed(*one) for one in fixtures]
    claims = [claim for case in cases for claim in _connected(case)]
    rows = {row.pk: row for case in cases for row in case.channels.values()}
    Channel.objects.bulk_create(list(rows.values()))
    ChannelAddress.objects.bulk_create(claims)
    return cases


def _renamed(kind: str, path: Path) -> Case:
    """A fixture whose addresses nobody else has; without channels yet."""
    fixture = json.loads(path.read_text())
    written = json.dumps(fixture["body"])
    found = provider_for(kind).explode(fixture["body"])
    named = {(i.address_kind, i.address) for i in found if isinstance(i, RawItem) and i.address}
    renamed = {value: _fresh(address) for address, value in sorted(named)}
    for old, new in renamed.items():
        written = re.sub(rf"(?<!\d){re.escape(old)}(?!\d)", new, written)
    return Case(kind, path.stem, json.loads(written), {})


def _fresh(address_kind: str) -> str:
    return f"17841{digits(12)}" if address_kind == "ig_id" else digits(15)


def _connected(case: Case) -> list[ChannelAddress]:
    """Make the case's channels, to be stored; returns the claims of their addresses."""
    own = {(i.address_kind, i.address) for i in case.items if i.address}
    numbers = {at for at in own if at[0] != "waba_id"} or {("phone_number_id", digits(15))}
    for at in sorted(numbers):
        case.channels[at] = Channel(pk=new_id(), kind=case.kind, name="Shop",
                                    status=Channel.ACTIVE, external=dict([at]))  # fmt: skip
    for at in sorted(own - numbers):  # an account belongs to the first of its numbers
        case.channels[at] = next(iter(case.channels.values()))
        case.channels[at].external |= dict([at])
    return [
        ChannelAddress(kind=kind, value=value, tenant_id=active_tenant_id(), channel_id=row.pk,
                       replay_pending=False)
        for (kind, value), row in case.channels.items()
    ]  # fmt: skip


def escaped(body: Any) -> bytes:
    """As Meta sends it: what is not ASCII, and every slash, escaped."""
    return json.dumps(body).replace("/", "\\/").encode()


def posted(body: Any) -> dict[str, Any]:
    """The request by which Meta would bring it."""
    raw = escaped(body)
    return {
        "method": "POST",
        "path": "/webhooks/meta",
        "parts": (raw,),
        "headers": signed(raw, SECRET),
    }


# ------------------------------------------------------------------ company


def neighbour(kind: str, on: Channel, text: str) -> dict[str, Any]:
    """An entry with one message for another tenant's channel."""
    if kind == "instagram":
        ig_id = on.external["ig_id"]
        message = {"mid": f"m{secrets.token_hex(8)}", "text": text}
        event = {"sender": {"id": "700"}, "recipient": {"id": ig_id}, "message": message}
        return {"id": ig_id, "time": 1_791_200_000_000, "messaging": [event]}
    metadata = {"phone_number_id": on.external["phone_number_id"]}
    value = {"metadata": metadata, "messages": [whatsapp_text(text)]}
    return {"id": "900", "changes": [{"field": "messages", "value": value}]}


def in_company(case: Case, before: Any, after: Any) -> Any | None:
    """The body with another tenant's entries around its own; None for one that is no body at all."""
    body = case.body
    if isinstance(body, dict) and isinstance(body.get("entry"), list):
        return {**body, "entry": [before, *body["entry"], after]}
    if isinstance(body, list) and body:
        around = ({"object": provider_for(case.kind).webhook_object, "entry": [entry]}
                  for entry in (before, after))  # fmt: skip
        return [next(around), *body, next(around)]
    return None


# ------------------------------------------------------------------ what is left


def parsed(case: Case) -> tuple[list[Event], int]:
    """The events of the items that have an owner, and how many items cannot be understood.

    That they are the ones written beside the body is tested next to each parser.
    """
    events: list[Event] = []
    unparsable = 0
    for item in case.routed:
        try:
            events += provider_for(case.kind).parse(item.body)
        except ValueError:
            unparsable += 1
    return events, unparsable


def check(case: Case) -> None:
    """Whether every expected event left what it should, and nothing died that can live."""
    label = f"{case.kind}/{case.name}"
    ids = {channel.pk for channel in case.channels.values()}
    rows = list(WebhookEvent.objects.filter(channel__in=ids))
    events, unparsable = parsed(case)
    dead = [row for row in rows if row.state == "dead"]
    assert len(dead) == unparsable, (label, [row.last_error for row in dead])
    assert {row.state for row in rows} <= {"done", "dead"}, label
    ignored = sum(row.last_error.startswith("ignored:") for row in rows)
    assert ignored == sum(isinstance(event, Ignored) for event in events), label
    _check_shown(label, ids, events)
    _check_beside(label, ids, events)


def _names(model: Any, ids: set[str]) -> set[str]:
    return set(model.objects.filter(channel__in=ids).values_list("external_id", flat=True))


def _check_shown(label: str, ids: set[str], events: list[Event]) -> None:
    shown = _names(Message, ids)
    named = {
        event.external_id for event in events if isinstance(event, SHOWN) and event.external_id
    }
    made = {id_ for id_ in shown if id_.startswith(Message.MADE)}
    assert shown - made == named, (label, shown ^ named)
    unnamed = sum(isinstance(e, Referred) or (isinstance(e, PressedButton) and not e.external_id)
                  for e in events)  # fmt: skip
    notices = sum(isinstance(event, IdentityChanged) for event in events)
    assert unnamed <= len(made) <= unnamed + notices, (label, made)
    counts = Conversation.objects.filter(channel__in=ids).values_list("message_count", flat=True)
    assert sum(counts) == Message.objects.filter(channel__in=ids).count(), label


def _check_beside(label: str, ids: set[str], events: list[Event]) -> None:
    beside = _names(MessageUpdate, ids)
    here = _names(Lookup, ids) | _names(Message, ids)
    for event in events:
        match event:
            case Reaction():
                assert event.target_external_id in beside, (label, event)
            case StatusUpdate() | MessageEdited() | MessageRevoked() | ReadUpTo() | CallNoted():
                assert event.external_id in beside, (label, event)
            case Announced():
                assert event.external_id in here, (label, event)
            case ContactNoted(is_removed=False) | PreferenceChanged():
                assert _is_known(event.person), (label, event)
            case IdentityChanged():
                assert _is_known(event.current), (label, event)


def _is_known(person: Person) -> bool:
    return all(ContactIdentity.objects.filter(kind=i.kind, scope=i.scope, value=i.value).exists()
               for i in person.identities)  # fmt: skip


def neighbours_of(world: Any) -> list[str]:
    """The texts that the other tenant got."""
    with factories.inside(world):
        return sorted(Message.objects.values_list("text", flat=True))
