"""Is a WhatsApp channel fit for work? Asked of Meta, answered in sentences."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from channels.providers.contract import Check, Credentials
from channels.providers.whatsapp import limits
from channels.providers.whatsapp.access import (
    as_flag,
    as_int,
    as_list,
    as_object,
    as_objects,
    as_text,
)
from channels.providers.whatsapp.classify import error_detail
from channels.providers.whatsapp.graph import Operation, read_json, token_refusal
from kernel import egress

Json = dict[str, Any]

SCOPES = ("whatsapp_business_messaging", "whatsapp_business_management")

NUMBER_FIELDS = (
    "id,display_phone_number,verified_name,status,quality_rating,name_status,"
    "code_verification_status,account_mode,platform_type,throughput,is_on_biz_app,"
    "whatsapp_business_manager_messaging_limit"
)
_COEXISTENCE_PER_SECOND = 20
_HIGH_PER_SECOND = 1000


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """A 2xx object, or the sentence that says why there is none."""

    data: Json
    problem: str = ""


def check_channel(
    operation: Operation,
    credentials: Credentials,
    phone_number_id: str,
    waba_id: str,
    app_id: str,
) -> list[Check]:
    """Return one `Check` each for token, permissions, number, quality and subscription.

    What could not be asked counts as not ok and says so; it never raises.
    """
    if token_refusal(credentials.access_token):
        sentence = "The access token is malformed; paste it again without spaces or line breaks."
        return [Check(name="token", ok=False, sentence=sentence)]
    token = _token(operation, credentials, app_id)
    data = as_object(token.data, "data")
    number = _get(operation, phone_number_id, params={"fields": NUMBER_FIELDS})
    return [
        _check_token(token, data),
        _check_scopes(token, data, waba_id),
        _check_number(number),
        _check_quality(number),
        _check_name(number),
        _check_limit(number),
        _check_subscription(
            _get(operation, waba_id, "subscribed_apps"), app_id or as_text(data, "app_id")
        ),
    ]


def describe_number(number: Json) -> Json:
    """Return what the API's phone number node says, in our names; absent texts are empty."""
    return {
        "display_phone_number": as_text(number, "display_phone_number"),
        "verified_name": as_text(number, "verified_name"),
        "status": as_text(number, "status"),
        "quality": as_text(number, "quality_rating"),
        "name_status": as_text(number, "name_status"),
        "code_verification_status": as_text(number, "code_verification_status"),
        "account_mode": as_text(number, "account_mode"),
        "platform_type": as_text(number, "platform_type"),
        "messaging_limit": as_text(number, "whatsapp_business_manager_messaging_limit"),
        "throughput": as_text(as_object(number, "throughput"), "level"),
        "messages_per_second": _per_second(number),
    }


def _token(operation: Operation, credentials: Credentials, app_id: str) -> _Answer:
    """Ask about the token with the app's own token where we know it, else with itself."""
    has_app = bool(app_id and credentials.app_secret)
    bearer = f"{app_id}|{credentials.app_secret}" if has_app else ""
    params = {"input_token": credentials.access_token}
    return _get(operation, "debug_token", params=params, bearer=bearer)


def _get(operation: Operation, *path: str, **options: Any) -> _Answer:
    if not path[0]:
        return _Answer(data={}, problem="Its id is not set on the channel.")
    try:
        response = operation.call("GET", *path, **options)
    except egress.EgressError as error:
        return _Answer(data={}, problem=f"Meta could not be reached ({error.reason}).")
    data = read_json(response)
    if response.ok and data:
        return _Answer(data=data)
    detail = error_detail(as_object(data, "error")) or f"HTTP {response.status}"
    return _Answer(data={}, problem=f"Meta refused to answer: {detail.rstrip('.')}.")


def _check_token(answer: _Answer, data: Json) -> Check:
    if answer.problem:
        return _failed("token", "The access token could not be checked.", answer.problem)
    if not as_flag(data, "is_valid"):
        detail = error_detail(as_object(data, "error"))
        return _failed("token", "The access token is not valid; reconnect the channel.", detail)
    expires = as_int(data, "expires_at") or 0
    if not expires:
        return Check(name="token", ok=True, sentence="The access token is valid for good.")
    moment = datetime.fromtimestamp(min(expires, 32_503_680_000), tz=UTC)
    ok, day = moment > datetime.now(UTC), f"{moment:%Y-%m-%d %H:%M} UTC"
    verb = "is valid until" if ok else "expired on"
    return Check(name="token", ok=ok, sentence=f"The access token {verb} {day}.")


def _check_scopes(answer: _Answer, data: Json, waba_id: str) -> Check:
    if answer.problem:
        return _failed("permissions", "The permissions could not be checked.", answer.problem)
    granted = {scope for scope in as_list(data, "scopes") if isinstance(scope, str)}
    missing = [scope for scope in SCOPES if scope not in granted]
    if missing:
        return _failed("permissions", f"The access token lacks {' and '.join(missing)}.")
    if outside := _not_targeted(data, waba_id):
        return _failed(
            "permissions", f"The access token's {outside} does not cover this WhatsApp account."
        )
    return Check(
        name="permissions", ok=True, sentence="The access token has the permissions it needs."
    )


def _not_targeted(data: Json, waba_id: str) -> str:
    """Return the first needed scope that is granted for other accounts only, else nothing."""
    for granular in as_objects(data, "granular_scopes"):
        targets = [str(target) for target in as_list(granular, "target_ids")]
        if as_text(granular, "scope") in SCOPES and targets and waba_id not in targets:
            return as_text(granular, "scope")
    return ""


def _check_number(answer: _Answer) -> Check:
    if answer.problem:
        return _failed("number", "The phone number could not be checked.", answer.problem)
    shown = as_text(answer.data, "display_phone_number") or "The number"
    status = as_text(answer.data, "status").upper()
    if status == "CONNECTED":
        return Check(name="number", ok=True, sentence=f"{shown} is connected and can send.")
    state = status.lower().replace("_", " ") or "in an unknown state"
    return _failed("number", f"{shown} is {state}: it cannot send until it is connected.")


def _check_quality(answer: _Answer) -> Check:
    if answer.problem:
        return _failed("quality", "The quality rating could not be checked.", answer.problem)
    match as_text(answer.data, "quality_rating").upper():
        case "RED":
            return _failed("quality", "The quality rating is low: WhatsApp may limit this number.")
        case "YELLOW":
            sentence = "The quality rating is medium: fewer blocks and reports would raise it."
        case "GREEN":
            sentence = "The quality rating is high."
        case _:
            sentence = "WhatsApp has not rated the number's quality yet."
    return Check(name="quality", ok=True, sentence=sentence)


def _check_name(answer: _Answer) -> Check:
    if answer.problem:
        return _failed("name", "The display name could not be checked.", answer.problem)
    name = as_text(answer.data, "verified_name") or "The display name"
    state = as_text(answer.data, "name_status").upper()
    if state in ("DECLINED", "EXPIRED"):
        how = "was declined" if state == "DECLINED" else "has expired"
        return _failed("name", f"{name} {how}: customers see the number in its place.")
    if state == "PENDING_REVIEW":
        return Check(name="name", ok=True, sentence=f"{name} is being reviewed by WhatsApp.")
    return Check(name="name", ok=True, sentence=f"Customers see {name}.")


def _check_limit(answer: _Answer) -> Check:
    if answer.problem:
        return _failed("limit", "The messaging limit could not be checked.", answer.problem)
    tier = as_text(answer.data, "whatsapp_business_manager_messaging_limit")
    people = "Any number of" if tier.upper() == "TIER_UNLIMITED" else tier.removeprefix("TIER_")
    spoken = f"{people} people a day" if people else "An unknown number of people a day"
    sentence = f"{spoken} may be written to first, {_per_second(answer.data)} messages a second."
    return Check(name="limit", ok=True, sentence=sentence)


def _check_subscription(answer: _Answer, app_id: str) -> Check:
    if answer.problem:
        return _failed("subscription", "The subscription could not be checked.", answer.problem)
    apps = [
        as_text(as_object(item, "whatsapp_business_api_data"), "id")
        for item in as_objects(answer.data, "data")
    ]
    if app_id in apps if app_id else apps:
        return Check(
            name="subscription", ok=True, sentence="Messages of this account are delivered to us."
        )
    return _failed(
        "subscription", "Messages of this account are not delivered to us; subscribe the channel."
    )


def _failed(name: str, sentence: str, detail: str = "") -> Check:
    return Check(name=name, ok=False, sentence=f"{sentence} {detail}".strip())


def _per_second(number: Json) -> int:
    """Return the messages a second Meta allows; a number shared with the phone app gets few."""
    if as_flag(number, "is_on_biz_app"):
        return _COEXISTENCE_PER_SECOND
    high = as_text(as_object(number, "throughput"), "level").upper() == "HIGH"
    return _HIGH_PER_SECOND if high else limits.MESSAGES_PER_SECOND
