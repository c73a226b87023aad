"""The Pages of a person, with their tokens: how Facebook Login finds Instagram accounts."""

from __future__ import annotations

import secrets

from channels.simulator.meta.errors import GraphError
from channels.simulator.meta.graph.call import Answer, Call
from channels.simulator.meta.graph.nodes import pick
from channels.simulator.meta.graph.paging import page_of
from channels.simulator.meta.graph.permits import identify
from channels.simulator.meta.instagram.records import Account
from channels.simulator.meta.records import Json, Token


def list_pages(call: Call) -> Answer:
    """`GET /me/accounts?fields=`: needs `pages_show_list`; tokens end with the person's."""
    token = identify(call).token
    if token is None or token.kind not in ("USER", "SYSTEM_USER"):
        raise GraphError(
            2500,
            message="An active access token must be used to query information about the current"
            " user.",
        )
    if "pages_show_list" not in token.scopes:
        return Answer({"data": []})
    wanted = call.fields("id,name,access_token,tasks")
    accounts = [call.state.instagram.accounts[ig_id] for ig_id in token.ig_ids]
    nodes = [pick(_node(call, token, one), wanted, "Page") for one in accounts if one.page_id]
    return Answer(page_of(call, nodes))


def _node(call: Call, person: Token, account: Account) -> Json:
    return {
        "id": account.page_id,
        "name": f"{account.name} Page",
        "category": "Shop",
        "tasks": ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE"],
        "access_token": _page_token(call, person, account),
        "instagram_business_account": {"id": account.ig_id, "username": account.username},
    }


def _page_token(call: Call, person: Token, account: Account) -> str:
    """One token for a Page and a person; of a short-lived one it lives as long, else forever."""
    for known in call.state.tokens.values():
        if (known.kind, known.ig_id, known.parent) == ("PAGE", account.ig_id, person.value):
            return known.value
    value = f"EAApage{secrets.token_hex(40)}"
    made = call.state.instagram.grant_page(value, account, person.value)
    made.scopes = list(person.scopes)
    is_short = person.expires_at - person.issued_at <= 24 * 3600
    made.expires_at = person.expires_at if is_short else 0.0
    return value
