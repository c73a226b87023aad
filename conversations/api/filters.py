"""The filters of the conversation list: from query parameters to the selector's arguments."""

import re
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from config.api.fields import ID_PATTERN
from config.api.paging import refuse_parameter, words
from conversations.models import Conversation
from tenants.access import current_principal

STATUSES = [status for status, _ in Conversation.STATUSES]
_ID = re.compile(ID_PATTERN)

PARAMETERS = (
    OpenApiParameter(
        "status", str, description="`open`, `pending`, `closed`, or several by comma."
    ),
    OpenApiParameter("assignee", str, description="A member's id, `me`, or `none`."),
    OpenApiParameter("team", str, description="A team's id, `mine` (any of my teams), or `none`."),
    OpenApiParameter("channel", str, description="A channel's id."),
    OpenApiParameter("contact", str, description="A contact's id."),
    OpenApiParameter("unread", {"type": "boolean"}, description="With or without unread messages."),
)


def filters_of(request: Request) -> dict[str, Any]:
    """Keyword arguments for ``list_conversations``; raises ``BadParameter`` with the name."""
    given = request.query_params
    filters: dict[str, Any] = {}
    if statuses := words(request, "status", STATUSES):
        filters["status"] = statuses
    if "assignee" in given:
        filters |= _assignee(given["assignee"])
    if "team" in given:
        filters |= _team(given["team"])
    for name in ("channel", "contact"):
        if name in given:
            filters[f"{name}_id"] = _id(name, given[name])
    if unread := words(request, "unread", ["true", "false"]):
        filters["unread"] = _one(unread) == "true"
    return filters


def _one(words: list[str]) -> str:
    if len(words) > 1:
        refuse_parameter("unread", "true or false")
    return words[0]


def _assignee(text: str) -> dict[str, Any]:
    if text == "none":
        return {"unassigned": True}
    if text == "me":
        return {"assignee_id": current_principal().member_id}
    return {"assignee_id": _id("assignee", text)}


def _team(text: str) -> dict[str, Any]:
    if text == "none":
        return {"teamless": True}
    if text == "mine":
        return {"team_ids": current_principal().team_ids}
    return {"team_ids": [_id("team", text)]}


def _id(name: str, text: str) -> str:
    if not _ID.match(text):
        refuse_parameter(name, "an id: 24 hexadecimal digits")
    return text
