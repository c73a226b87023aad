"""Signing in at the provider: from an owner's consent to accounts, one of which is then connected.

The state that travels through the provider's dialog is signed, ends by time, and is bound to the
tenant and to who began; without that, somebody's consent could be brought into another's tenant.
"""

import json
import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing

from channels.errors import (
    AppNotConfigured,
    ChannelTaken,
    ProviderUnavailable,
    SignInNotFound,
    SignInRefused,
    StateInvalid,
)
from channels.meta_apps import MetaApp, app_for
from channels.models import Channel, ChannelSignIn
from channels.providers.contract import ChannelBroken, Credentials, Endpoint, Rejected
from channels.providers.instagram import signin as instagram
from channels.providers.instagram.login import FACEBOOK, INSTAGRAM
from channels.providers.whatsapp import signin as whatsapp
from channels.selectors import list_channels
from channels.services.connect import ADDRESSES, connect_account, reconnect_account
from channels.services.registration import register_number
from channels.services.tokens import NEEDED, Life, demand, inspected
from kernel import audit, vault
from kernel.clock import now
from kernel.mongo.doors import UniqueViolation
from kernel.scoping import active_tenant_id
from tenants.access import Principal, require
from tenants.permissions import Permission

SALT = "channels.sign-in"
STATE_S = 1800
KEPT = timedelta(hours=1)
MOST_ACCOUNTS = 200
DIALOGS = {INSTAGRAM: "https://www.instagram.com", FACEBOOK: "https://www.facebook.com"}


@dataclass(frozen=True, kw_only=True)
class Begun:
    """Where to send the owner; ``state`` comes back from there with a code."""

    url: str
    state: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Account:
    """One that can be connected. Without ``ready`` it must be registered with a PIN."""

    id: str
    name: str
    external: dict[str, str]
    ready: bool = True
    expires_at: str = ""
    token: str = field(default="", repr=False)


def begin_instagram(*, login: str) -> Begun:
    """Begin a sign-in by Instagram Login (``instagram``) or by a Facebook Page (``facebook``)."""
    principal = _require()
    app = _app("instagram", login)
    bound = {"t": active_tenant_id(), "u": principal.id, "l": login, "n": secrets.token_hex(8)}
    state = signing.dumps(bound, salt=SALT)
    url = instagram.dialog_url(login, _signing_app(app), state=state, version=app.endpoint.version)
    ours = settings.META_INSTAGRAM_LOGIN_URL if login == INSTAGRAM else settings.META_LOGIN_URL
    return Begun(url=url.replace(DIALOGS[login], ours, 1), state=state,
                 expires_at=now() + timedelta(seconds=STATE_S))  # fmt: skip


def complete_instagram(*, state: str, code: str) -> ChannelSignIn:
    """Exchange the code that came back; raises ``StateInvalid`` for what this caller did not begin."""
    principal = _require()
    login, nonce = _bound(state, principal)
    app = _app("instagram", login)
    if login == INSTAGRAM:
        codes = Endpoint(base_url=settings.META_INSTAGRAM_CODES_URL, version="")
        found: Any = instagram.instagram_account(
            _signing_app(app), code, codes=codes, endpoint=app.endpoint
        )
        found = [found] if isinstance(found, instagram.Found) else found
    else:
        found = instagram.page_accounts(_signing_app(app), code, endpoint=app.endpoint)
    accounts = [_instagram_account(one) for one in _granted(found)]
    return _keep("instagram", principal, accounts, nonce=nonce)


def complete_whatsapp(*, code: str, waba_id: str = "", phone_number_id: str = "") -> ChannelSignIn:
    """Exchange the code of the embedded sign-up's popup, with the ids that it gave, if it gave any."""
    principal = _require()
    app = _app("whatsapp", FACEBOOK)
    given = whatsapp.Code(app_id=app.app_id, app_secret=app.app_secret, code=code)
    token = _granted(whatsapp.exchange_code(given, app.endpoint))
    credentials = app.sign(Credentials(access_token=token))
    known = inspected("whatsapp", {}, credentials)
    if known is None:
        raise ProviderUnavailable("The token's accounts could not be asked for.")
    demand("whatsapp", FACEBOOK, known.scopes)
    wabas = known.objects(NEEDED["whatsapp", FACEBOOK])
    if waba_id and waba_id not in wabas:
        raise SignInRefused("The sign-up does not cover this WhatsApp account.")
    ends = known.expires_at.isoformat() if known.expires_at else ""
    accounts: list[Account] = []
    for id_ in [waba_id] if waba_id else wabas:
        numbers = _granted(whatsapp.numbers_of(id_, credentials, app.endpoint))
        accounts += [_number_account(number, token, ends) for number in numbers]
    wanted = [one for one in accounts if phone_number_id in ("", one.id)]
    return _keep("whatsapp", principal, wanted)


def connect_signed_in(
    *, sign_in_id: str, account_id: str, pin: str = "", name: str = ""
) -> Channel:
    """Connect one of a sign-in's accounts; a channel that the tenant has on it gets the new token.

    Raises ``SignInNotFound``, also for somebody else's sign-in; ``PinNeeded`` for a number that
    is not registered yet.
    """
    principal = _require()
    row = ChannelSignIn.objects.filter(pk=sign_in_id, made_by=principal.id).first()
    if row is None or row.expires_at <= now():
        raise SignInNotFound
    account = next((one for one in row.accounts if one["id"] == account_id), None)
    if account is None:
        raise SignInNotFound("The sign-in has no such account.")
    tokens: dict[str, str] = json.loads(vault.open_field(row, "tokens"))
    credentials = Credentials(access_token=tokens[account_id])
    life = Life(issued_at=row.created_at, expires_at=_moment(account["expires_at"]))
    if row.kind == "whatsapp":
        register_number(account["external"], credentials, pin=pin, is_ready=account["ready"])
    if channel := _own_channel(row.kind, account["external"]):
        return reconnect_account(channel=channel, external=account["external"],
                                 credentials=credentials, life=life)  # fmt: skip
    try:
        return connect_account(kind=row.kind, external=account["external"],
                               credentials=credentials, name=name, life=life)  # fmt: skip
    except ChannelTaken:
        if channel := _own_channel(row.kind, account["external"]):
            return channel  # the same request, sent twice at once
        raise


def _require() -> Principal:
    return require(Permission.CHANNELS_MANAGE, Permission.CHANNELS_CREDENTIALS)


def _app(kind: str, login: str) -> MetaApp:
    app = app_for(kind, login)
    if not app.app_id or not app.app_secret:
        raise AppNotConfigured
    return app


def _signing_app(app: MetaApp) -> instagram.App:
    return instagram.App(app_id=app.app_id, app_secret=app.app_secret,
                         redirect_uri=settings.META_REDIRECT_URL)  # fmt: skip


def tenant_of_state(state: str) -> str:
    """The id of the tenant in which a sign-in was begun; empty for a state that is none of ours, or too old."""
    try:
        return str(signing.loads(state, salt=SALT, max_age=STATE_S).get("t", ""))
    except signing.BadSignature:
        return ""


def _bound(state: str, principal: Principal) -> tuple[str, str]:
    """The way of signing in and the nonce of a state that this caller began here and has not used."""
    try:
        bound = signing.loads(state, salt=SALT, max_age=STATE_S)
    except signing.BadSignature as error:
        raise StateInvalid from error
    if (bound.get("t"), bound.get("u")) != (active_tenant_id(), principal.id):
        raise StateInvalid
    nonce = str(bound["n"])
    if ChannelSignIn.objects.filter(nonce=nonce).exists():
        raise StateInvalid
    return str(bound["l"]), nonce


def _granted(answer: Any) -> Any:
    """What the provider gave, or the refusal that says why it gave nothing."""
    if isinstance(answer, list | str):
        return answer
    if isinstance(answer, Rejected | ChannelBroken):
        raise SignInRefused(f"{answer.title}. {answer.advice}", provider_code=answer.code)
    raise ProviderUnavailable(getattr(answer, "reason", "") or getattr(answer, "title", ""))


def _instagram_account(found: instagram.Found) -> Account:
    if found.permissions:
        demand("instagram", INSTAGRAM, found.permissions)
    ends = now() + timedelta(seconds=found.expires_in) if found.expires_in else None
    external = {name: value for name, value in found.external.items() if value}
    name = external.get("username") or external.get("page_name", "")
    return Account(id=external["ig_id"], name=name, external=external, token=found.access_token,
                   expires_at=ends.isoformat() if ends else "")  # fmt: skip


def _number_account(number: whatsapp.Number, token: str, ends: str) -> Account:
    external = {"phone_number_id": number.phone_number_id, "waba_id": number.waba_id,
                "display_phone_number": number.display_phone_number}  # fmt: skip
    return Account(id=number.phone_number_id, name=number.verified_name, external=external,
                   ready=number.is_ready, expires_at=ends, token=token)  # fmt: skip


def _keep(
    kind: str, principal: Principal, accounts: list[Account], *, nonce: str | None = None
) -> ChannelSignIn:
    """Keep what was granted for an hour, longer than a state lives; what has ended goes."""
    if not accounts:
        raise SignInRefused("The sign-in gave access to no account that can be connected.")
    accounts = accounts[:MOST_ACCOUNTS]
    ChannelSignIn.objects.filter(expires_at__lt=now()).delete()
    shown = [{k: v for k, v in asdict(one).items() if k != "token"} for one in accounts]
    row = ChannelSignIn(kind=kind, made_by=principal.id, accounts=shown, nonce=nonce,
                        expires_at=now() + KEPT)  # fmt: skip
    row.tokens = vault.seal_field(row, "tokens", json.dumps({a.id: a.token for a in accounts}))
    try:
        row.save(force_insert=True)
    except UniqueViolation as error:
        raise StateInvalid from error  # the same state, brought twice at once
    audit.record("channel.signed_in", row, {"kind": [None, kind], "accounts": [0, len(accounts)]})
    return row


def _own_channel(kind: str, external: dict[str, str]) -> Channel | None:
    main = ADDRESSES[kind][0]
    rows = list_channels().filter(kind=kind)
    return next((row for row in rows if row.external.get(main) == external[main]), None)


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
