"""Is an Instagram channel fit for work? Asked of Meta, answered in sentences."""

from datetime import UTC, datetime
from typing import Any

from channels.providers.contract import (
    ChannelBroken,
    Check,
    Outcome,
    Rejected,
    Throttled,
    Transient,
)
from channels.providers.instagram.login import SCOPES, Account
from channels.providers.meta.access import (
    as_flag,
    as_int,
    as_list,
    as_object,
    as_objects,
    as_text,
)
from channels.providers.meta.classify import error_detail
from channels.providers.meta.graph import Graph

Json = dict[str, Any]

_ME_FIELDS = "id,user_id,username,name,account_type,profile_picture_url,followers_count,media_count"
_PAGE_FIELDS = (
    "id,name,instagram_business_account{id,username,name,profile_picture_url,followers_count}"
)
_PROFESSIONAL = ("", "BUSINESS", "CREATOR", "MEDIA_CREATOR")


def check_account(graph: Graph, account: Account) -> list[Check]:
    """Return one `Check` each for token, account, permissions (through a Page), messages and
    subscription.

    What could not be asked counts as not ok and says so; it never raises.
    """
    if graph.token_refusal():
        sentence = "The access token is malformed; paste it again without spaces or line breaks."
        return [Check(name="token", ok=False, sentence=sentence)]
    told = _told(graph, account)
    checks = _page_checks(graph, account) if account.is_page else [_check_me(told)]
    return [
        *checks,
        _check_identity(told, account),
        _check_messages(graph, account),
        _check_subscription(graph, account),
    ]


def describe_account(graph: Graph, account: Account) -> Json | Outcome:
    """Return what the API says of the account, in our names; absent texts are empty.

    ``ig_id`` is the id that webhooks carry; ``scoped_id`` the one that some answers carry.
    """
    told = _told(graph, account)
    if not isinstance(told, dict):
        return told
    inner = as_object(told, "instagram_business_account") if account.is_page else told
    return {
        "ig_id": as_text(inner, "id" if account.is_page else "user_id"),
        "scoped_id": "" if account.is_page else as_text(told, "id"),
        "username": as_text(inner, "username"),
        "name": as_text(inner, "name"),
        "account_type": as_text(inner, "account_type"),
        "profile_picture_url": as_text(inner, "profile_picture_url"),
        "followers_count": as_int(inner, "followers_count"),
        "media_count": as_int(inner, "media_count"),
        "page_id": as_text(told, "id") if account.is_page else "",
        "page_name": as_text(told, "name") if account.is_page else "",
    }


def is_listed(subscriptions: Json, app_id: str) -> bool:
    """Return whether our app, or any where we do not know its id, gets the account's messages."""
    apps = as_objects(subscriptions, "data")
    fields = [set(map(str, as_list(app, "subscribed_fields"))) for app in apps]
    ours = [
        "messages" in known or not known
        for app, known in zip(apps, fields, strict=True)
        if not app_id or as_text(app, "id") in ("", app_id)
    ]
    return any(ours)


def _told(graph: Graph, account: Account) -> Json | Outcome:
    if account.is_page:
        return graph.read(account.node, fields=_PAGE_FIELDS)
    return graph.read("me", fields=_ME_FIELDS)


def _check_me(told: Json | Outcome) -> Check:
    if not isinstance(told, dict):
        return _failed("token", "The access token could not be used.", told)
    return _passed("token", "The access token works.")


def _check_identity(told: Json | Outcome, account: Account) -> Check:
    if not isinstance(told, dict):
        return _failed("account", "The account could not be asked about.", told)
    inner = as_object(told, "instagram_business_account") if account.is_page else told
    if account.is_page and not inner:
        return _failed("account", "The Page is not linked to an Instagram professional account.")
    ig_id = as_text(inner, "id" if account.is_page else "user_id")
    name = as_text(inner, "username") or ig_id
    if account.ig_id and ig_id and ig_id != account.ig_id:
        return _failed("account", f"The token belongs to another account, {name}.")
    kind = as_text(inner, "account_type").upper()
    if kind not in _PROFESSIONAL:
        return _failed("account", f"{name} is no professional account; switch it in Instagram.")
    return _passed("account", f"The account is {name}.")


def _page_checks(graph: Graph, account: Account) -> list[Check]:
    """A Page's token can be looked into, with the app's own token where we know it."""
    secret = graph.credentials.app_secret
    bearer = f"{account.app_id}|{secret}" if account.app_id and secret else ""
    params = {"input_token": graph.credentials.access_token}
    answer = graph.write("GET", "debug_token", params=params, bearer=bearer)
    if not isinstance(answer, dict):
        return [
            _failed("token", "The access token could not be checked.", answer),
            _failed("permissions", "The permissions could not be checked.", answer),
        ]
    data = as_object(answer, "data")
    return [_check_token(data), _check_scopes(data)]


def _check_token(data: Json) -> Check:
    if not as_flag(data, "is_valid"):
        detail = error_detail(as_object(data, "error")).rstrip(".")
        sentence = "The access token is not valid; connect the account again."
        return _failed("token", f"{sentence} {detail}.".removesuffix(" ."))
    ends = [at for name in ("expires_at", "data_access_expires_at") if (at := as_int(data, name))]
    if not ends:
        return _passed("token", "The access token is valid for good.")
    moment = datetime.fromtimestamp(min(*ends, 32_503_680_000), tz=UTC)
    ok, day = moment > datetime.now(UTC), f"{moment:%Y-%m-%d %H:%M} UTC"
    verb = "is valid until" if ok else "expired on"
    return Check(name="token", ok=ok, sentence=f"The access token {verb} {day}.")


def _check_scopes(data: Json) -> Check:
    granted = {scope for scope in as_list(data, "scopes") if isinstance(scope, str)}
    missing = [scope for scope in SCOPES["facebook"] if scope not in granted]
    if missing:
        return _failed("permissions", f"The access token lacks {', '.join(missing)}.")
    return _passed("permissions", "The access token has the permissions for messages and comments.")


def _check_messages(graph: Graph, account: Account) -> Check:
    """Listing one conversation shows what only messaging itself would: access, standing, links."""
    params = {"platform": "instagram", "limit": "1"}
    answer = graph.write("GET", account.node, "conversations", params=params)
    if isinstance(answer, dict):
        return _passed("messages", "Messages of this account can be read and written.")
    return _failed("messages", "Messages of this account cannot be reached.", answer)


def _check_subscription(graph: Graph, account: Account) -> Check:
    answer = graph.write("GET", account.node, "subscribed_apps")
    if not isinstance(answer, dict):
        return _failed("subscription", "The subscription could not be checked.", answer)
    if is_listed(answer, account.app_id):
        return _passed("subscription", "Messages of this account are delivered to us.")
    return _failed(
        "subscription", "Messages of this account are not delivered to us; subscribe the channel."
    )


def _passed(name: str, sentence: str) -> Check:
    return Check(name=name, ok=True, sentence=sentence)


def _failed(name: str, sentence: str, why: Outcome | None = None) -> Check:
    return Check(name=name, ok=False, sentence=f"{sentence} {_because(why)}".strip())


def _because(why: Outcome | None) -> str:
    """What an outcome says to people: what is the matter, and what to do about it."""
    match why:
        case None:
            return ""
        case ChannelBroken() | Rejected():
            return f"{why.title}. {why.advice}"
        case Throttled() | Transient():
            return f"{why.title.rstrip('.')}."
    return f"Meta could not be reached ({getattr(why, 'reason', 'no answer')})."
