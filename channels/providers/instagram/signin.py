"""Signing in: from the owner's consent in Meta's dialog to accounts that can be connected.

The dialog sends the owner back with a code, which lives an hour (Instagram) and serves once.
With Instagram Login the code becomes a one-hour token and then one for 60 days. With Facebook
Login it becomes a person's token, a longer-lived one, and then the tokens of that person's
Pages, which do not end by time.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from channels.providers.contract import Credentials, Endpoint, Outcome, Rejected, Transient
from channels.providers.instagram import tokens
from channels.providers.instagram.errors import CLASSIFIER
from channels.providers.instagram.login import FACEBOOK, INSTAGRAM, SCOPES
from channels.providers.meta.access import as_list, as_object, as_objects, as_text
from channels.providers.meta.graph import Graph

Json = dict[str, Any]

INSTAGRAM_DIALOG = "https://www.instagram.com/oauth/authorize"
FACEBOOK_DIALOG = "https://www.facebook.com/{version}/dialog/oauth"
INSTAGRAM_CODES = "https://api.instagram.com"
"""The host that exchanges codes of Instagram Login; it is not the API's own."""

_PAGE_FIELDS = "id,name,access_token,tasks,instagram_business_account{id,username}"
_MOST_PAGES = 20  # listings of a hundred Pages each
_AGAIN = "Sign in again; a code serves once and not for long."


@dataclass(frozen=True, kw_only=True)
class App:
    """The app that signs in; Instagram Login has an id and a secret of its own."""

    app_id: str
    app_secret: str = field(repr=False)
    redirect_uri: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """An account that can be connected: a client's ``external`` and its token.

    ``expires_in`` is in seconds, None for a token that does not end by time.
    """

    external: dict[str, str]
    access_token: str = field(repr=False)
    expires_in: int | None = None
    permissions: tuple[str, ...] = ()


def dialog_url(login: str, app: App, *, state: str, version: str) -> str:
    """Return where to send the owner; ``state`` comes back and must be compared."""
    query = {
        "client_id": app.app_id,
        "redirect_uri": app.redirect_uri,
        "response_type": "code",
        "scope": ",".join(SCOPES[login]),
        "state": state,
    }
    base = INSTAGRAM_DIALOG if login == INSTAGRAM else FACEBOOK_DIALOG.format(version=version)
    return f"{base}?{urlencode(query)}"


def instagram_account(
    app: App, code: str, *, codes: Endpoint, endpoint: Endpoint
) -> Found | Outcome:
    """Return the account whose owner came back with ``code``, by Instagram Login.

    ``codes`` is the host that exchanges codes (`INSTAGRAM_CODES`), ``endpoint`` the API.
    """
    form = {
        "client_id": app.app_id,
        "client_secret": app.app_secret,
        "grant_type": "authorization_code",
        "redirect_uri": app.redirect_uri,
        "code": code.removesuffix("#_"),
    }
    short = _graph("", app, codes).write(
        "POST", "oauth", "access_token", data=form, is_versioned=False, is_signed=False
    )
    if not isinstance(short, dict):
        return _code_refused(short)
    # Newer answers hold a list of one, older ones the same members directly.
    granted = next(iter(as_objects(short, "data")), short)
    token = as_text(granted, "access_token")
    if not token:
        return Transient(code=0, title="no usable answer (no token)")
    lasting = tokens.exchange(_graph(token, app, endpoint))
    if not isinstance(lasting, tokens.Refreshed):
        return lasting
    me = _graph(lasting.access_token, app, endpoint).read("me", fields="id,user_id,username")
    if not isinstance(me, dict):
        return me
    external = {
        "login": INSTAGRAM,
        "ig_id": as_text(me, "user_id") or as_text(granted, "user_id"),
        "scoped_id": as_text(me, "id"),
        "username": as_text(me, "username"),
        "instagram_app_id": app.app_id,
    }
    return Found(
        external=external,
        access_token=lasting.access_token,
        expires_in=lasting.expires_in,
        permissions=_permissions(granted),
    )


def page_accounts(app: App, code: str, *, endpoint: Endpoint) -> list[Found] | Outcome:
    """Return the accounts behind the Pages of the person who came back, by Facebook Login.

    Pages without a linked professional account are left out.
    """
    person = _user_token(app, endpoint, redirect_uri=app.redirect_uri, code=code)
    if not isinstance(person, str):
        return _code_refused(person)
    lasting = _user_token(app, endpoint, grant_type="fb_exchange_token", fb_exchange_token=person)
    if not isinstance(lasting, str):
        return lasting
    graph = _graph(lasting, app, endpoint, has_proof=True).as_one()
    found: list[Found] = []
    after = ""
    for _ in range(_MOST_PAGES):
        params = {"fields": _PAGE_FIELDS, "limit": "100"} | ({"after": after} if after else {})
        page = graph.read("me", "accounts", **params)
        if not isinstance(page, dict):
            return page
        found += [one for node in as_objects(page, "data") if (one := _page(app, node))]
        paging = as_object(page, "paging")
        after = as_text(as_object(paging, "cursors"), "after")
        if not as_text(paging, "next") or not after:
            break
    return found


def _user_token(app: App, endpoint: Endpoint, **params: str) -> str | Outcome:
    given = {"client_id": app.app_id, "client_secret": app.app_secret, **params}
    answer = _graph("", app, endpoint).write(
        "GET", "oauth", "access_token", params=given, is_signed=False
    )
    if not isinstance(answer, dict):
        return answer
    return as_text(answer, "access_token") or Transient(code=0, title="no usable answer (no token)")


def _page(app: App, node: Json) -> Found | None:
    account = as_object(node, "instagram_business_account")
    ig_id, token = as_text(account, "id"), as_text(node, "access_token")
    if not ig_id or not token:
        return None
    external = {
        "login": FACEBOOK,
        "ig_id": ig_id,
        "username": as_text(account, "username"),
        "page_id": as_text(node, "id"),
        "page_name": as_text(node, "name"),
        "app_id": app.app_id,
    }
    return Found(external=external, access_token=token)


def _permissions(granted: Json) -> tuple[str, ...]:
    """The granted permissions, from a list or from text with commas."""
    listed = [one for one in as_list(granted, "permissions") if isinstance(one, str)]
    given = listed or as_text(granted, "permissions").split(",")
    return tuple(name for one in given if (name := one.strip()))


def _graph(token: str, app: App, endpoint: Endpoint, *, has_proof: bool = False) -> Graph:
    credentials = Credentials(access_token=token, app_secret=app.app_secret)
    return Graph(credentials, endpoint, CLASSIFIER, has_proof=has_proof)


def _code_refused(outcome: Outcome) -> Outcome:
    """A refused code is a matter of this sign-in, whatever class its error has otherwise."""
    code = getattr(outcome, "code", 0)
    if isinstance(outcome, Transient | Rejected) or not code:
        return outcome
    return Rejected(code=code, title="The sign-in was refused", advice=_AGAIN)
