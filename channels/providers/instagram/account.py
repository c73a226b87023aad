"""Events about the account, its thread owners and its standing, rather than about a message."""

from datetime import datetime
from typing import Any

from channels.providers.events import (
    AccountNotice,
    Event,
    Person,
    PreferenceChanged,
    PressedButton,
    ThreadControl,
)
from channels.providers.meta.access import as_int, as_list, as_object, as_text, as_texts

Json = dict[str, Any]

PAGE_INBOX_APP = "263902037430900"
"""The app id under which Instagram's own inbox owns a thread."""

_NOTIFICATIONS = {"STOP_NOTIFICATIONS": False, "STOP NOTIFICATIONS": False,
                  "RESUME_NOTIFICATIONS": True, "RESUME NOTIFICATIONS": True}  # fmt: skip
_METRICS = ("impressions", "reach", "taps_forward", "taps_back", "exits", "replies")
_HIDDEN = -1  # Meta's way of writing "fewer than five"


def thread_control(
    action: str, part: Json, customer: Person | None, at: datetime | None
) -> ThreadControl:
    """Return a change of the app that answers a thread; ids of apps come as numbers or text."""
    asked = as_text(part, "new_owner_app_id") or as_text(part, "requested_owner_app_id")
    return ThreadControl(
        provider_at=at,
        action=action,
        person=customer,
        previous_app=as_text(part, "previous_owner_app_id"),
        new_app=_primary(part) if action == "roles" else asked,
        metadata=as_text(part, "metadata"),
    )


def _primary(roles: Json) -> str:
    """The app that receives first, of ``{app id: [roles]}``."""
    primary = (app for app in roles if "primary_receiver" in as_list(roles, app))
    return next(primary, "")


def opted_in(part: Json, customer: Person, at: datetime | None) -> Event:
    """Return a customer's answer to an offer of notifications, or a tap on it."""
    status = as_text(part, "notification_messages_status").upper()
    if status in _NOTIFICATIONS:
        return PreferenceChanged(
            provider_at=at,
            person=customer,
            category="marketing",
            is_wanted=_NOTIFICATIONS[status],
            detail=as_text(part, "title"),
        )
    return PressedButton(
        provider_at=at,
        sender=customer,
        title=as_text(part, "title"),
        payload=as_text(part, "payload") or as_text(part, "ref"),
    )


def policy_enforced(part: Json, at: datetime | None) -> AccountNotice:
    """Return the news that Meta restricted the account, or lifted that."""
    action, reason = as_text(part, "action")[:64], as_text(part, "reason")[:500]
    lifted = action.lower() in ("unblock", "unrestrict")
    if lifted:
        sentence = "Instagram lifted the restriction of this account."
    else:
        because = f": {reason.rstrip('.')}" if reason else ""
        sentence = f"Instagram restricted this account ({action or 'no action named'}){because}."
    return AccountNotice(
        provider_at=at,
        topic="messaging_policy_enforcement",
        sentence=sentence,
        severity="info" if lifted else "critical",
        facts={"restricted": not lifted},
        detail=as_texts(part, "action", "reason"),
    )


def story_insights(value: Json, at: datetime | None) -> AccountNotice:
    """Return how a story did when it ended; a figure that Meta hides is None."""
    known = {name: as_int(value, name) for name in _METRICS if name in value}
    shown = {name: None if count == _HIDDEN else count for name, count in known.items()}
    media_id = as_text(value, "media_id") or as_text(as_object(value, "media"), "id")
    reach = shown.get("reach")
    sentence = (
        "A story ended; fewer than five accounts saw it, or it is not told how many."
        if reach is None
        else f"A story ended; {reach} accounts saw it."
    )
    return AccountNotice(
        provider_at=at,
        topic="story_insights",
        sentence=sentence,
        detail={"media_id": media_id, **shown},
    )
