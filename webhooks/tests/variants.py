"""The corpus as Meta might send it tomorrow: every body with less, every body with more."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from channels.models import Channel
from channels.providers import provider_for
from channels.providers.events import (
    AccountNotice,
    Announced,
    CallNoted,
    ContactNoted,
    Event,
    IdentityChanged,
    MessageEdited,
    MessageRevoked,
    Person,
    PreferenceChanged,
    PressedButton,
    Reaction,
    ReadUpTo,
    Referred,
    StatusUpdate,
    TemplateChanged,
)
from channels.providers.instagram.tests import bare as instagram
from channels.providers.whatsapp.tests import bare as whatsapp
from crm.models import ContactIdentity
from messaging.models import Lookup, Message, MessageUpdate
from webhooks.models import WebhookEvent
from webhooks.tests.corpus import SHOWN, Case, parsed

Json = dict[str, Any]

PROPERTIES = {"whatsapp": whatsapp, "instagram": instagram}
ADDED = "brand_new"
TOGETHER = 60
# Of this one the message that cannot be taken is one that can, once what lies too deep is gone.
TOO_DEEP = "one_message_too_deep"
UPDATES = {
    StatusUpdate: MessageUpdate.STATUS, Reaction: MessageUpdate.REACTION,
    MessageEdited: MessageUpdate.EDIT, MessageRevoked: MessageUpdate.REVOKE,
    ReadUpTo: MessageUpdate.READ_TO, CallNoted: MessageUpdate.CALL,
}  # fmt: skip


def without_optional(case: Case) -> Case:
    """The case without every property that is neither a discriminator nor a natural key."""
    return replace(case, body=PROPERTIES[case.kind].bare(case.body))


def with_unknown(case: Case) -> Case:
    """The case with a property that nobody knows in each of its objects."""
    return replace(case, body=_richer(case.body))


def _richer(value: Any) -> Any:
    if isinstance(value, dict):
        more = {name: _richer(item) for name, item in value.items()}
        return more | {ADDED: {"list": [1, None], "text": "?"}}
    return [_richer(item) for item in value] if isinstance(value, list) else value


def few_bodies(cases: list[Case]) -> Iterator[tuple[list[Case], Any]]:
    """Few bodies for all of the cases: their entries together, but one that has no entries alone."""
    listed = [case for case in cases if isinstance(case.body, dict)
              and isinstance(case.body.get("entry"), list)]  # fmt: skip
    yield from (([case], case.body) for case in cases if case not in listed)
    for start in range(0, len(listed), TOGETHER):
        some = listed[start : start + TOGETHER]
        entries = [entry for case in some for entry in case.body["entry"]]
        yield some, {"object": provider_for(some[0].kind).webhook_object, "entry": entries}


def accounts_of(cases: Iterable[Case]) -> dict[str, int]:
    """What the ledger says of all of them in one delivery."""
    total: Counter[str] = Counter()
    for case in cases:
        total.update(case.account())
    return dict(total)


def check_kinds(before: Case, after: Case) -> None:
    """Whether each item still is an event of the kind that it was, and none is lost or newly dead."""
    assert len(after.cut) == len(before.cut), before.name
    if before.name == TOO_DEEP and len(after.items) == len(after.cut):
        return
    assert len(after.items) == len(before.items), before.name
    (had, dead), (has, newly) = parsed(before), parsed(after)
    assert (len(has), newly) == (len(had), dead), before.name
    poorer = PROPERTIES[before.kind].POORER
    for one, other in zip(had, has, strict=True):
        old, new = type(one).__name__, type(other).__name__
        assert new == old or new in poorer.get(old, ()), before.name


class Left:
    """What the active tenant holds, read once for a whole corpus; by channel."""

    def __init__(self) -> None:
        self.ledger = self._by_channel(WebhookEvent, "state")
        self.messages = self._by_channel(Message, "external_id")
        self.updates = self._by_channel(MessageUpdate, "kind", "external_id")
        self.lookups = self._by_channel(Lookup, "external_id")
        self.topics = defaultdict(list, {
            row.pk: [(notice["topic"],) for notice in row.notices]
            for row in Channel.objects.all()
        })  # fmt: skip
        self.templates = {
            row.pk: [(kept["external_id"], kept["what"]) for kept in row.template_notices]
            for row in Channel.objects.all()
        }
        self.people = set(ContactIdentity.objects.values_list("kind", "scope", "value"))

    def _by_channel(self, model: Any, *names: str) -> dict[str, list[tuple[Any, ...]]]:
        found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for channel_id, *values in model.objects.values_list("channel_id", *names):
            found[channel_id].append(tuple(values))
        return found

    def check(self, case: Case) -> None:
        """Whether each event of the case has its row, and nothing died that was understood."""
        ids = {channel.pk for channel in case.channels.values()}
        events, unparsable = parsed(case)
        states = Counter(state for id_ in ids for (state,) in self.ledger[id_])
        assert states["dead"] == unparsable, (case.name, states)
        assert set(states) <= {"done", "dead"}, (case.name, states)
        for event in events:
            assert any(self._has(event, id_) for id_ in ids), (case.name, event)

    def _has(self, event: Event, id_: str) -> bool:
        external_id = getattr(event, "external_id", "")
        if type(event) in UPDATES and (
            (UPDATES[type(event)], getattr(event, "target_external_id", external_id))
            not in self.updates[id_]
        ):
            return False
        if isinstance(event, SHOWN) and external_id:
            return (external_id,) in self.messages[id_]
        reader = _ROWS.get(type(event))
        return reader(self, event, id_) if reader else True

    def knows(self, person: Person) -> bool:
        return all((i.kind, i.scope, i.value) in self.people for i in person.identities)

    def has_made(self, id_: str) -> bool:
        """Whether there is a message of what has no id."""
        return any(name.startswith(Message.MADE) for (name,) in self.messages[id_])


_ROWS: dict[type[Event], Callable[[Left, Any, str], bool]] = {
    AccountNotice: lambda left, event, id_: (event.topic[:60],) in left.topics[id_],
    TemplateChanged: lambda left, event, id_: (
        (event.external_id, event.what) in left.templates[id_]
    ),
    Announced: lambda left, event, id_: (
        (event.external_id,) in [*left.lookups[id_], *left.messages[id_]]
    ),
    ContactNoted: lambda left, event, id_: event.is_removed or left.knows(event.person),
    PreferenceChanged: lambda left, event, id_: left.knows(event.person),
    IdentityChanged: lambda left, event, id_: left.knows(event.current),
    PressedButton: lambda left, event, id_: left.has_made(id_),
    Referred: lambda left, event, id_: left.has_made(id_),
}
