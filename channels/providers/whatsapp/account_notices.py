"""News of a whole account: its life, restrictions, alerts, and the partners that serve it."""

from channels.providers.whatsapp.access import as_object, as_objects, as_text, as_time
from channels.providers.whatsapp.notice import (
    CRITICAL,
    INFO,
    WARNING,
    Json,
    Notice,
    Reader,
    said_facts,
    told,
    words,
)

_PLAIN = {
    "ACCOUNT_DELETED": (CRITICAL, "The WhatsApp Business account was deleted"),
    "ACCOUNT_OFFBOARDED": (CRITICAL, "The number left the Cloud API"),
    "ACCOUNT_RECONNECTED": (INFO, "The number is connected to the Cloud API again"),
    "AD_ACCOUNT_LINKED": (INFO, "An ad account was linked"),
    "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE": (
        INFO,
        "The international price of authentication messages changed for this account",
    ),
    "MM_LITE_TERMS_SIGNED": (INFO, "The terms of marketing messages were accepted"),
    "PARTNER_ADDED": (INFO, "A partner was given access to the account"),
    "PARTNER_APP_INSTALLED": (INFO, "A partner's app was given access to the account"),
    "PARTNER_APP_UNINSTALLED": (CRITICAL, "A partner's app lost its access to the account"),
    "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE": (INFO, "A client's certification changed"),
}
_LIVES = {
    "ACCOUNT_DELETED": "deleted",
    "ACCOUNT_OFFBOARDED": "offboarded",
    "ACCOUNT_RECONNECTED": "connected",
    "DISABLE": "disabled",
    "REINSTATE": "connected",
}


def _account(value: Json) -> Notice:
    event = as_text(value, "event").upper()
    if reader := _EVENTS.get(event):
        return reader(value)
    severity, sentence = _PLAIN.get(event, (INFO, f"The account changed: {words(event)}"))
    return Notice(sentence=told(sentence), severity=severity, facts=_life(event))


def _life(event: str) -> Json:
    """The fact that says whether anything can be sent still; none where nothing was said of that."""
    return {"status": _LIVES[event]} if event in _LIVES else {}


def _violation(value: Json) -> Notice:
    kind = as_text(as_object(value, "violation_info"), "violation_type")
    return Notice(
        sentence=told("The account violates Meta's policies", f"Violation: {words(kind)}"),
        severity=WARNING,
        facts={"violation": kind} if kind else {},
    )


def _restriction(value: Json) -> Notice:
    if not as_objects(value, "restriction_info"):
        return _restriction_of(as_text(as_object(value, "violation_info"), "violation_type"))
    restrictions, said = [], []
    for info in as_objects(value, "restriction_info")[:20]:
        kind, until = as_text(info, "restriction_type"), _ahead(info, "expiration")
        restrictions.append({"type": kind, "until": until})
        said.append(f"{words(kind)} (until {until})" if until else words(kind))
        said.append(as_text(info, "remediation"))
    return Notice(
        sentence=told("Meta has restricted the account", *said),
        severity=CRITICAL,
        facts={"restrictions": restrictions},
    )


def _restriction_of(violation: str) -> Notice:
    """One that only names what it is for; its last word may say that it is none, or none any more."""
    severity, sentence = CRITICAL, "Meta has restricted the account"
    if violation.upper().endswith(("_WARN", "_WARNING")):
        severity, sentence = WARNING, "Meta warns that it will restrict the account"
    elif violation.upper().endswith("_UNBAN"):
        severity, sentence = INFO, "Meta has lifted a restriction of the account"
    said = f"Violation: {words(violation)}" if violation else ""
    return Notice(
        sentence=told(sentence, said),
        severity=severity,
        facts={"violation": violation} if violation else {},
    )


def _ahead(source: Json, key: str) -> str:
    """Return a time that lies ahead, in ISO form; empty when absent or absurd."""
    moment = as_time(source, key, ahead=True)
    return moment.isoformat() if moment else ""


def _ban(value: Json) -> Notice:
    info = as_object(value, "ban_info")
    state, date = as_text(info, "waba_ban_state").upper(), as_text(info, "waba_ban_date")
    severity, sentence = {
        "DISABLE": (CRITICAL, "Meta has disabled the account"),
        "SCHEDULE_FOR_DISABLE": (CRITICAL, "Meta will disable the account"),
        "REINSTATE": (INFO, "Meta has reinstated the account"),
    }.get(state, (WARNING, f"The account's ban changed: {words(state)}"))
    return Notice(
        sentence=told(sentence, f"Date: {date}" if date else ""),
        severity=severity,
        facts=said_facts(info, ban_state="waba_ban_state", ban_date="waba_ban_date") | _life(state),
    )


def _country(value: Json) -> Notice:
    country = as_text(value, "country")
    return Notice(
        sentence=told(f"The account's primary country is now {country or 'another one'}"),
        facts=said_facts(value, country="country"),
    )


def _partner_removed(value: Json) -> Notice:
    info = as_object(value, "disconnection_info")
    reason, by = as_text(info, "reason"), as_text(info, "initiated_by")
    return Notice(
        sentence=told(
            "The account is no longer shared with this partner",
            f"Reason: {words(reason)}" if reason else "",
            f"Begun by the {words(by)}" if by else "",
        ),
        severity=CRITICAL,
        facts=said_facts(info, disconnection_reason="reason") | {"status": "partner_removed"},
    )


def _volume_tier(value: Json) -> Notice:
    info = as_object(value, "volume_tier_info")
    tier, month = as_text(info, "tier"), as_text(info, "effective_month")
    return Notice(
        sentence=told(
            f"The account reached another volume tier: {tier or 'unnamed'}",
            f"It holds from {month}" if month else "",
        )
    )


_EVENTS: dict[str, Reader] = {
    "ACCOUNT_VIOLATION": _violation,
    "ACCOUNT_RESTRICTION": _restriction,
    "DISABLED_UPDATE": _ban,
    "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE": _country,
    "PARTNER_REMOVED": _partner_removed,
    "VOLUME_BASED_PRICING_TIER_UPDATE": _volume_tier,
}


def _alert(value: Json) -> Notice:
    info = as_object(value, "alert_info")
    level = as_text(info, "alert_severity").upper()
    severity = {"CRITICAL": CRITICAL, "WARNING": WARNING}.get(level, INFO)
    kind, status = as_text(info, "alert_type"), as_text(info, "alert_status")
    return Notice(
        sentence=told(
            f"Meta alerts: {words(kind) or 'no type'}",
            as_text(info, "alert_description"),
            f"The alert is {words(status)}" if status else "",
        ),
        severity=severity,
    )


def _partner_solution(value: Json) -> Notice:
    event, status = as_text(value, "event"), as_text(value, "solution_status")
    solution = as_text(value, "solution_id")
    return Notice(
        sentence=told(
            f"The partner solution {solution}: {words(event) or 'changed'}",
            f"It is {words(status)}" if status else "",
        )
    )


def _business_status(value: Json) -> Notice:
    event = as_text(value, "event").upper()
    if event == "COMPROMISED_NOTIFICATION":
        return Notice(sentence=told("Meta says that the business account was taken over by somebody"),
                      severity=CRITICAL)  # fmt: skip
    return Notice(sentence=told(f"The business account changed: {words(event)}"), severity=WARNING)


ACCOUNT_NOTICES: dict[str, Reader] = {
    "business_status_update": _business_status,
    "account_update": _account,
    "account_alerts": _alert,
    "partner_solutions": _partner_solution,
}
