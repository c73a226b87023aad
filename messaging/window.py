"""The messaging window: what may be sent on a conversation now, until when, and why not."""

from dataclasses import dataclass
from datetime import datetime

from channels.providers import provider_for
from conversations.models import Conversation
from kernel.clock import now


@dataclass(frozen=True)
class Window:
    """``until`` is the end of the customer-service window, also when it has passed; None when nobody wrote yet."""

    open: bool
    until: datetime | None
    allowed: tuple[str, ...]
    reason: str = ""


def window_of(conversation: Conversation) -> Window:
    """WhatsApp: anything for 24 hours after the customer's last message; templates at any time.

    Source: the Cloud API's customer service window. The provider's own refusal
    (131047) remains the truth; this answers before any call.
    """
    provider = provider_for(conversation.channel_kind)
    until = conversation.window_until
    if until is not None and until > now():
        return Window(True, until, ("any",))
    reason = "the customer has not written yet" if until is None else (
        f"more than {provider.window_hours} hours have passed since the customer last wrote"
    )  # fmt: skip
    return Window(False, until, tuple(sorted(provider.template_types)), reason)


def may_send(window: Window, type_: str) -> bool:
    return window.open or type_ in window.allowed
