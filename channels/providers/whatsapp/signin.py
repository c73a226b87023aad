"""Embedded sign-up: from the code that the popup gave to numbers that can be connected.

The code lives half a minute and serves once. Its token is granted for certain WhatsApp accounts,
which `debug_token` names; their numbers are listed here.
"""

from dataclasses import dataclass, field
from typing import Any

from channels.providers.contract import (
    ChannelBroken,
    Credentials,
    Endpoint,
    Outcome,
    Rejected,
    Transient,
)
from channels.providers.whatsapp.access import as_flag, as_object, as_objects, as_text
from channels.providers.whatsapp.graph import Operation, read_json, refusal, repeatable
from kernel import egress

_FIELDS = "id,display_phone_number,verified_name,status,is_on_biz_app"
_MOST_PAGES = 20
_AGAIN = "Sign up again; a code serves once and for half a minute."


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number of an account; ``is_ready`` when it can send without being registered first."""

    phone_number_id: str
    waba_id: str
    display_phone_number: str
    verified_name: str
    is_ready: bool


@dataclass(frozen=True, kw_only=True)
class Code:
    """A code with what exchanges it."""

    app_id: str
    app_secret: str = field(repr=False)
    code: str = field(repr=False)


def exchange_code(code: Code, endpoint: Endpoint) -> str | Outcome:
    """Return the business token that the code stands for."""
    given = {"client_id": code.app_id, "client_secret": code.app_secret, "code": code.code}
    # Nobody is authorised yet; the app's own token stands where one must.
    app = Credentials(access_token=f"{code.app_id}|{code.app_secret}", app_secret=code.app_secret)
    answer = _get(Operation(app, endpoint), "oauth", "access_token", **given)
    if isinstance(answer, ChannelBroken | Rejected):
        return Rejected(code=answer.code, title="The sign-up was refused", advice=_AGAIN)
    if not isinstance(answer, dict):
        return answer
    return as_text(answer, "access_token") or Transient(code=0, title="no usable answer (no token)")


def numbers_of(
    waba_id: str, credentials: Credentials, endpoint: Endpoint
) -> list[Number] | Outcome:
    """Return an account's numbers."""
    operation, found, after = Operation(credentials, endpoint), list[Number](), ""
    for _ in range(_MOST_PAGES):
        params = {"fields": _FIELDS, "limit": "100"} | ({"after": after} if after else {})
        page = _get(operation, waba_id, "phone_numbers", **params)
        if not isinstance(page, dict):
            return page
        found += [_number(waba_id, node) for node in as_objects(page, "data")]
        paging = as_object(page, "paging")
        after = as_text(as_object(paging, "cursors"), "after")
        if not as_text(paging, "next") or not after:
            break
    return [number for number in found if number.phone_number_id]


def _number(waba_id: str, node: dict[str, Any]) -> Number:
    # A number that the phone app shares is registered by the app and must not be again.
    is_ready = as_text(node, "status").upper() == "CONNECTED" or as_flag(node, "is_on_biz_app")
    return Number(
        phone_number_id=as_text(node, "id"),
        waba_id=waba_id,
        display_phone_number=as_text(node, "display_phone_number"),
        verified_name=as_text(node, "verified_name"),
        is_ready=is_ready,
    )


def _get(operation: Operation, *path: str, **params: str) -> dict[str, Any] | Outcome:
    try:
        response = operation.call("GET", *path, params=params)
    except egress.EgressError as error:
        return repeatable(error)
    if not response.ok:
        return repeatable(refusal(response))
    return read_json(response) or Transient(code=0, title="no usable answer (no object)")
