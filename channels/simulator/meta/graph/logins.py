"""Logging in: the consent pages of both hosts, and what their codes and tokens are exchanged for."""

from __future__ import annotations

import html
import secrets
from urllib.parse import urlencode, urlsplit

from channels.simulator.meta.errors import GraphError
from channels.simulator.meta.graph.call import Answer, Call
from channels.simulator.meta.graph.permits import app_of, token_problem
from channels.simulator.meta.instagram.errors import invalid
from channels.simulator.meta.instagram.state import TOKEN_LIFE_S
from channels.simulator.meta.records import Code, Json, Token

HOUR = 3600
YOUNG_S = 24 * HOUR
WHATSAPP_CODE_S = 30
PERSON = "122100000000000001"


async def consent_page(call: Call) -> Answer:
    """`GET /oauth/authorize` and `/dialog/oauth`: who asks, and a link for each answer.

    With the setting `login` at accept or deny the page answers by itself. `_choice` names the
    account or WABA that was chosen.
    """
    redirect = call.parameter("redirect_uri")
    app_id, _ = app_of(call)
    if call.parameter("client_id") != app_id or not urlsplit(redirect).scheme:
        return Answer(b"Invalid platform app", 400, content_type="text/plain")
    mode, choice = call.state.settings.login, call.parameter("_choice")
    choices = _choices(call)
    if choice == "deny" or (mode == "deny" and not choice):
        return _back(call, {"error": "access_denied", "error_reason": "user_denied",
                            "error_description": "The user denied your request"})  # fmt: skip
    if mode == "accept" and not choice and choices:
        choice = next(iter(choices))
    if choice in choices:
        return _back(call, {"code": _make_code(call, choice)})
    query = {name: value for name, value in call.request.query_params.items() if name != "_choice"}
    links = "".join(
        f'<li><a href="?{html.escape(urlencode({**query, "_choice": key}))}">'
        f"{html.escape(label)}</a></li>"
        for key, label in {**choices, "deny": "Not now"}.items()
    )
    page = f"<!doctype html><title>Log in</title><h1>Allow the app to act for</h1><ul>{links}</ul>"
    return Answer(page.encode(), content_type="text/html; charset=utf-8")


def _is_whatsapp(call: Call) -> bool:
    return "whatsapp" in call.parameter("scope") or bool(call.parameter("config_id"))


def _choices(call: Call) -> dict[str, str]:
    if call.host == "www.instagram.com":
        accounts = call.state.instagram.accounts.values()
        return {one.ig_id: f"@{one.username}" for one in accounts}
    if _is_whatsapp(call):
        return {one.waba_id: f"{one.name} (WhatsApp)" for one in call.state.wabas.values()}
    return {"pages": "All Pages"} if call.state.instagram.pages else {}


def _back(call: Call, answer: Json) -> Answer:
    redirect = call.parameter("redirect_uri")
    state = call.parameter("state")
    query = {**answer, **({"state": state} if state else {})}
    tail = "#_" if "code" in answer and call.host == "www.instagram.com" else ""
    mark = "&" if urlsplit(redirect).query else "?"
    headers = {"location": f"{redirect}{mark}{urlencode(query)}{tail}"}
    return Answer(b"", 302, headers, content_type="text/plain")


def _make_code(call: Call, choice: str) -> str:
    state, life = call.state, HOUR
    asked = [one for one in call.parameter("scope").replace(" ", ",").split(",") if one]
    if call.host == "www.instagram.com":
        account = state.instagram.accounts[choice]
        token = state.instagram.grant_instagram(_new("IGAA"), account, HOUR)
        token.scopes = asked or token.scopes
    elif _is_whatsapp(call):
        life = WHATSAPP_CODE_S
        mine = [one for one in state.numbers.values() if one.waba_id == choice]
        value = _new("EAA")
        for number in mine:
            state.grant(value, number)
        token = state.tokens[value]
    else:
        ids = [one.ig_id for one in state.instagram.pages.values()]
        token = Token(_new("EAA"), [], [], asked, kind="USER", ig_ids=ids)
        token.issued_at, token.expires_at = state.now(), state.now() + 2 * HOUR
        state.tokens[token.value] = token
    code = "AQ" + secrets.token_urlsafe(60)
    until = state.now() + life
    state.codes[code] = Code(token.value, until, call.parameter("redirect_uri"))
    return code


def _new(start: str) -> str:
    return f"{start}sim{secrets.token_hex(40)}"


def _use_code(call: Call) -> Token | str:
    """The token of a code, which serves once; or why not."""
    code = call.state.codes.get(call.parameter("code").removesuffix("#_"))
    if code is None:
        return "Invalid verification code format."
    if code.is_used:
        return "This authorization code has been used."
    if code.expires_at <= call.state.now():
        return "This authorization code has expired."
    if code.redirect_uri and call.parameter("redirect_uri") not in ("", code.redirect_uri):
        return "Error validating verification code: redirect_uri does not match."
    if code.redirect_uri and not call.parameter("redirect_uri") and "instagram" in call.host:
        return "redirect_uri is required."
    code.is_used = True
    return call.state.tokens[code.token]


def _is_our_app(call: Call) -> bool:
    app_id, secret = app_of(call)
    return call.parameter("client_id") == app_id and call.parameter("client_secret") == secret


async def instagram_code(call: Call) -> Answer:
    """`POST api.instagram.com/oauth/access_token`: the one-hour token; errors have their own shape."""
    problem = ""
    token: Token | str = ""
    if not _is_our_app(call):
        problem = "Error validating client secret."
    elif call.parameter("grant_type") != "authorization_code":
        problem = "Invalid grant_type: it must be authorization_code."
    else:
        token = _use_code(call)
        problem = token if isinstance(token, str) else ""
    if problem or isinstance(token, str):
        call.entry["code"] = 400
        body = {"error_type": "OAuthException", "code": 400, "error_message": problem}
        return Answer(body, 400)
    token.issued_at, token.expires_at = call.state.now(), call.state.now() + HOUR
    granted = {"access_token": token.value, "user_id": token.ig_id}
    return Answer({"data": [{**granted, "permissions": ",".join(token.scopes)}]})


def _instagram_token(call: Call) -> Token:
    token = call.state.tokens.get(call.parameter("access_token"))
    if token is None or token.kind != "INSTAGRAM":
        raise GraphError(190, message="Invalid OAuth access token - Cannot parse access token")
    problem = token_problem(call, token)
    if problem is not None:
        raise problem
    return token


def _renewed(call: Call, token: Token) -> Answer:
    account = call.state.instagram.accounts[token.ig_id]
    fresh = call.state.instagram.grant_instagram(_new("IGAA"), account, TOKEN_LIFE_S)
    fresh.scopes = list(token.scopes)
    answer = {"access_token": fresh.value, "token_type": "bearer", "expires_in": TOKEN_LIFE_S}
    return Answer({**answer, "permissions": ",".join(fresh.scopes)})


async def lengthen(call: Call) -> Answer:
    """`GET graph.instagram.com/access_token`: sixty days for the one-hour token."""
    if call.parameter("grant_type") != "ig_exchange_token":
        raise invalid("Param grant_type must be ig_exchange_token")
    if call.parameter("client_secret") != call.state.instagram.app_secret:
        raise GraphError(1, message="Error validating client secret.", http=400)
    return _renewed(call, _instagram_token(call))


async def refresh(call: Call) -> Answer:
    """`GET graph.instagram.com/refresh_access_token`: not within the first 24 hours."""
    if call.parameter("grant_type") != "ig_refresh_token":
        raise invalid("Param grant_type must be ig_refresh_token")
    token = _instagram_token(call)
    if "instagram_business_basic" not in token.scopes:
        raise GraphError(10, message="(#10) Requires the instagram_business_basic permission")
    if call.state.now() - token.issued_at < YOUNG_S:
        raise invalid("The access token must be at least 24 hours old to be refreshed")
    return _renewed(call, token)


async def exchange(call: Call) -> Answer:
    """`/oauth/access_token` of graph.facebook.com: a code, or a person's token for a longer one."""
    if not _is_our_app(call):
        raise GraphError(1, message="Error validating client secret.")
    given = call.parameter("fb_exchange_token")
    if call.parameter("grant_type") == "fb_exchange_token" or given:
        return _long_person(call, given)
    token = _use_code(call)
    if isinstance(token, str):
        subcode = 36009 if "used" in token else 36007 if "expired" in token else 36008
        raise GraphError(100, message=token, subcode=subcode)
    answer: Json = {"access_token": token.value, "token_type": "bearer"}
    if token.expires_at:
        answer["expires_in"] = int(token.expires_at - call.state.now())
    return Answer(answer)


def _long_person(call: Call, given: str) -> Answer:
    token = call.state.tokens.get(given)
    problem = token_problem(call, token) if token is not None else None
    if token is None or problem is not None:
        raise problem or GraphError(190, message="Invalid OAuth access token.")
    fresh = Token(_new("EAA"), [], [], list(token.scopes), kind="USER", ig_ids=list(token.ig_ids))
    fresh.issued_at = call.state.now()
    fresh.expires_at = call.state.now() + TOKEN_LIFE_S
    call.state.tokens[fresh.value] = fresh
    answer = {"access_token": fresh.value, "token_type": "bearer", "expires_in": TOKEN_LIFE_S}
    return Answer(answer)
