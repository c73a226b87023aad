"""News of a number: its limits, name, settings, security, and the business's username."""

from channels.providers.whatsapp.access import as_object, as_text
from channels.providers.whatsapp.notice import (
    CRITICAL,
    INFO,
    WARNING,
    Json,
    Notice,
    Reader,
    number_of,
    said_facts,
    told,
    words,
)

_QUALITY_EVENTS = {
    "FLAGGED": (WARNING, "has low quality: customers block or report it", {"status": "FLAGGED"}),
    "UNFLAGGED": (INFO, "has recovered its quality", {"status": "CONNECTED"}),
    "UPGRADE": (INFO, "may write to more customers a day", {}),
    "DOWNGRADE": (WARNING, "may write to fewer customers a day", {}),
    "ONBOARDING": (INFO, "was registered", {}),
    "THROUGHPUT_UPGRADE": (INFO, "may send faster now", {"throughput": "HIGH"}),
}
_SECURITY_EVENTS = {
    "PIN_CHANGED": "had its two-step PIN changed or set",
    "PIN_RESET_REQUEST": "was asked to turn its two-step PIN off",
    "PIN_REQUEST_SUCCESS": "has its two-step PIN turned off",
}
_NAME_SEVERITY = {"REJECTED": WARNING, "DEFERRED": WARNING}


def _quality(value: Json) -> Notice:
    event = as_text(value, "event").upper()
    severity, said, facts = _QUALITY_EVENTS.get(event, (INFO, f"reports: {words(event)}", {}))
    limit = as_text(value, "max_daily_conversations_per_business") or as_text(
        value, "current_limit"
    )
    if limit:
        facts = facts | {"messaging_limit": limit}
    limited = f"Its messaging limit is {limit}" if limit else ""
    return Notice(
        sentence=told(f"{number_of(value)} {said}", limited), severity=severity, facts=facts
    )


def _name(value: Json) -> Notice:
    decision = as_text(value, "decision").upper()
    name, reason = as_text(value, "requested_verified_name"), as_text(value, "rejection_reason")
    facts = said_facts(value, name_status="decision")
    if decision == "APPROVED" and name:
        facts["verified_name"] = name
    return Notice(
        sentence=told(
            f"{number_of(value)}: the display name “{name}” is {words(decision) or 'reviewed'}",
            f"Reason: {words(reason)}" if reason else "",
        ),
        severity=_NAME_SEVERITY.get(decision, INFO),
        facts=facts,
    )


def _capability(value: Json) -> Notice:
    limits = ("max_daily_conversations_per_business", "max_daily_conversation_per_phone")
    numbers = ("max_phone_numbers_per_waba", "max_phone_numbers_per_business")
    limit = next((text for key in limits if (text := as_text(value, key))), "")
    most = next((text for key in numbers if (text := as_text(value, key))), "")
    said = [
        f"The account may now begin {_conversations(limit)} a day" if limit else "",
        f"It may have {most} numbers" if most else "",
    ]
    facts = {"messaging_limit": limit, "max_phone_numbers": most}
    return Notice(
        sentence=told(*said) or "What the account may do has changed.",
        facts={name: text for name, text in facts.items() if text},
    )


def _conversations(limit: str) -> str:
    unlimited = limit in ("-1", "TIER_UNLIMITED")
    return f"{'any number of' if unlimited else limit} conversations"


def _security(value: Json) -> Notice:
    event = as_text(value, "event").upper()
    said = _SECURITY_EVENTS.get(event, f"reports: {words(event) or 'a security event'}")
    return Notice(sentence=told(f"{number_of(value)} {said}"), severity=WARNING)


def _username(value: Json) -> Notice:
    status, name = as_text(value, "status").lower(), as_text(value, "username")
    facts = said_facts(value, username="username", username_status="status")
    if status == "deleted":
        facts["username"] = ""
    named = f"the username “{name}”" if name else "the username"
    return Notice(
        sentence=told(f"{number_of(value)}: {named} is {words(status) or 'changed'}"), facts=facts
    )


def _settings(value: Json) -> Notice:
    settings = as_object(value, "phone_number_settings")
    calling = as_text(as_object(settings, "calling"), "status")
    return Notice(
        sentence=told(
            "The settings of the number were changed",
            f"Calling is {words(calling)}" if calling else "",
        ),
        facts={"calling_status": calling} if calling else {},
    )


def _payments(value: Json) -> Notice:
    name, status = as_text(value, "configuration_name"), as_text(value, "status")
    return Notice(
        sentence=told(f"The payment configuration “{name}”: {status.lower() or 'changed'}"),
        severity=INFO if status.lower() in ("active", "") else WARNING,
    )


def _review(value: Json) -> Notice:
    decision = as_text(value, "decision").upper()
    severity = {"REJECTED": CRITICAL, "DEFERRED": WARNING}.get(decision, INFO)
    return Notice(
        sentence=told(f"Meta's review of the account: {words(decision) or 'no decision'}"),
        severity=severity,
        facts=said_facts(value, account_review_status="decision"),
    )


NUMBER_NOTICES: dict[str, Reader] = {
    "phone_number_quality_update": _quality,
    "phone_number_name_update": _name,
    "business_capability_update": _capability,
    "security": _security,
    "business_username_updates": _username,
    "account_settings_update": _settings,
    "payment_configuration_update": _payments,
    "account_review_update": _review,
}
