"""Reading at the provider what was announced to us by its id alone, and taking it in as if it had come whole."""

from collections.abc import Sequence
from dataclasses import replace

from channels.models import Channel
from channels.providers.abilities import LooksUp, ShowsProfiles
from channels.providers.contract import ChannelBroken, Outcome, Rejected, Throttled
from channels.providers.events import (
    Announced,
    Commented,
    ContactNoted,
    Event,
    Identity,
    Ignored,
    InboundMessage,
    MessageEdited,
    Person,
    Written,
)
from channels.selectors import client_of, hold_reason
from channels.services.connect import break_channel
from kernel.scoping import active_tenant_id
from kernel.work import Bury, Done, Hold, Kind, Later, Lease, Released, register
from kernel.work.outcomes import Outcome as WorkOutcome
from kernel.work.serving import serve_one
from messaging.dispatch import pacing
from messaging.ingest.announced import person_of_lookup
from messaging.ingest.apply import Inbound, apply_batch
from messaging.ingest.targets import find_targets
from messaging.models import Lookup
from tenants.services.tenant import SUSPENDED, is_suspended

RETRY_S = (5, 30, 120, 600)
ANONYMOUS = "the provider does not say who wrote it"


def register_kind() -> None:
    register(Kind(name="lookup", queue="default", serve=serve, lease_s=60.0))


def serve(lease: Lease) -> Released:
    return serve_one(Lookup, lease, look_up, on_bury=show_placeholder)


def look_up(item: Lookup) -> WorkOutcome:
    """Read it and take it in; what cannot be read is shown as far as it is known."""
    channel = Channel.objects.get(pk=item.channel_id)
    if is_suspended(active_tenant_id()):
        raise Hold(SUSPENDED)
    if channel.status == Channel.REMOVED:
        return Bury(reason="the channel was removed", apply=lambda: None)
    if channel.status == Channel.BROKEN:
        raise Hold(hold_reason(channel))
    is_known = bool(find_targets([(channel.pk, item.external_id)]))
    if is_known and item.what != Lookup.EDIT:
        return Done(note="it came whole meanwhile")
    of_conversation = item.what in (Lookup.MESSAGE, Lookup.EDIT)
    if (wait := pacing.wait_to_read(channel, of_conversation=of_conversation)) > 0:
        return Later(seconds=wait, error="waiting for the rate of reads", burn=False)
    answer = _read(channel, item)
    if isinstance(answer, list):
        return _taken_in(channel, item, answer, is_known=is_known)
    if isinstance(answer, ChannelBroken):
        break_channel(channel=channel, reason=f"{answer.title}. {answer.advice}")
        raise Hold(hold_reason(channel))
    return _failed(channel, item, answer)


def _read(channel: Channel, item: Lookup) -> list[Event] | Outcome:
    client = client_of(channel)
    if not isinstance(client, LooksUp):
        return Rejected(code=0, title="This channel has nothing to read it with", advice="")
    match item.what:
        case Lookup.COMMENT:
            found: Commented | Outcome = client.read_comment(item.external_id)
        case Lookup.MENTION:
            found = client.read_mention(media_id=str(item.detail.get("media_id", "")),
                                        comment_id=str(item.detail.get("comment_id", "")))  # fmt: skip
        case Lookup.PROFILE:
            return _profile(client, item)
        case _:
            return client.read_message(item.external_id)
    return [found] if isinstance(found, Commented) else found


def _profile(client: object, item: Lookup) -> list[Event] | Outcome:
    """A name for somebody who wrote without one; who shows none keeps none."""
    person = person_of_lookup(item)
    if person is None or not isinstance(client, ShowsProfiles):
        return []
    shown = client.profile(item.external_id)
    if not isinstance(shown, dict):
        return shown
    named = replace(person, name=shown.get("name", ""), username=shown.get("username", ""))
    return [ContactNoted(person=named)] if named.name or named.username else []


def _taken_in(
    channel: Channel, item: Lookup, events: Sequence[Event], *, is_known: bool
) -> WorkOutcome:
    if any(isinstance(event, Announced) for event in events):
        return Bury(reason=ANONYMOUS)
    told = [event for event in events if not isinstance(event, Ignored)]
    if not told:
        reasons = "; ".join(event.reason for event in events if isinstance(event, Ignored))
        return Done(note=f"ignored: {reasons}"[:120])
    batch = [Inbound(channel, _as_told(event, item, is_known=is_known)) for event in told]
    return Done(apply=lambda: apply_batch(batch))


def _as_told(event: Event, item: Lookup, *, is_known: bool) -> Event:
    """A message that is here already has new words; a comment needs somebody who wrote it."""
    if is_known and isinstance(event, Written):
        return MessageEdited(external_id=item.external_id, type=event.type, text=event.text,
                             content=event.content, provider_at=item.provider_at)  # fmt: skip
    if isinstance(event, Commented):
        return replace(event, author=_named(event.author, item),
                       provider_at=event.provider_at or item.provider_at)  # fmt: skip
    return event


def _named(author: Person, item: Lookup) -> Person:
    """Who comments has no id where the provider tells a name at most; it is theirs on this channel alone."""
    if author.identities:
        return author
    kind, value = ("username", author.username.lower()) if author.username else (
        "comment", item.external_id)  # fmt: skip
    identity = Identity(kind=kind, value=value, scope=item.channel_id)
    return replace(author, identities=(identity,))


def _failed(channel: Channel, item: Lookup, answer: Outcome) -> WorkOutcome:
    reason = str(getattr(answer, "title", "") or getattr(answer, "reason", "no answer"))
    if isinstance(answer, Throttled):
        seconds = answer.retry_after or 60.0
        pacing.slow_down(channel, None, answer, seconds)
        return Later(seconds=seconds, error=reason, burn=False)
    if isinstance(answer, Rejected) or item.attempts > len(RETRY_S):
        return Bury(reason=reason)
    return Later(seconds=float(RETRY_S[item.attempts - 1]), error=reason)


def show_placeholder(item: Lookup, reason: str) -> None:
    """The conversation shows that something came; in the transaction that buries the item."""
    event = placeholder(item)
    if event is not None:
        apply_batch([Inbound(Channel.objects.get(pk=item.channel_id), event)])


def placeholder(item: Lookup) -> Event | None:
    """What is known of it; None where nobody is named, and of an edit, whose message is shown as it was."""
    person, text = person_of_lookup(item), str(item.detail.get("text", ""))
    if item.what in (Lookup.COMMENT, Lookup.MENTION):
        media_id = item.detail.get("media_id")
        return Commented(
            external_id=item.external_id, author=_named(person or Person(identities=()), item),
            text=text, media={"id": media_id} if media_id else {},
            is_mention=item.what == Lookup.MENTION, provider_at=item.provider_at,
        )  # fmt: skip
    if item.what in (Lookup.EDIT, Lookup.PROFILE) or person is None:
        return None
    content = {} if text else {"original_type": "unreadable", "raw": {}}
    return InboundMessage(
        external_id=item.external_id, sender=person, type="text" if text else "unsupported",
        text=text, content=content, provider_at=item.provider_at,
    )  # fmt: skip
