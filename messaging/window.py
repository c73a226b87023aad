"""The messaging window: what may be sent on a conversation now, until when, and why not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.providers import provider_for
from channels.providers.abilities import AnswersLate
from conversations.models import Conversation
from kernel.clock import now

HUMAN_AGENT = "human_agent"


@dataclass(frozen=True)
class Window:
    """``until`` is the end of the customer-service window, also when it has passed; None when nobody wrote yet.

    ``allowed`` names what may be sent: ``any``, types of messages, or ``human_agent``, what a person writes.
    """

    open: bool
    until: datetime | None
    allowed: tuple[str, ...]
    reason: str = ""


def window_of(conversation: Conversation) -> Window:
    """Anything for some hours after the customer last wrote; then what the channel still takes.

    WhatsApp takes templates at any time, Instagram what a person writes until 7 days have passed.
    The provider's own refusal remains the truth; this answers before any call.
    """
    provider = provider_for(conversation.channel_kind)
    until = conversation.window_until
    if until is not None and until > now():
        return Window(True, until, ("any",))
    reason = "the customer has not written yet" if until is None else (
        f"more than {provider.window_hours} hours have passed since the customer last wrote"
    )  # fmt: skip
    late = (HUMAN_AGENT,) if until and late_until(conversation.channel_kind, until) > now() else ()
    return Window(False, until, (*late, *sorted(provider.template_types)), reason)


def may_send(window: Window, type_: str, *, is_by_person: bool = False) -> bool:
    late = is_by_person and HUMAN_AGENT in window.allowed
    return window.open or late or type_ in window.allowed


def late_until(channel_kind: str, window_until: datetime) -> datetime:
    """Until when a person may still answer; the window's own end where a channel makes no difference."""
    provider = provider_for(channel_kind)
    if not isinstance(provider, AnswersLate):
        return window_until
    return window_until + timedelta(hours=provider.human_agent_hours - provider.window_hours)
