"""Conversations: listed, read, changed, assigned; shown with their messaging window."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from config.api.operations import operation
from config.api.paging import BadParameter, page
from config.api.preconditions import expected_version
from config.api.serializers import page_of
from config.api.views import ApiView
from conversations import errors
from conversations.api import serializers as shapes
from conversations.api.filters import PARAMETERS, filters_of
from conversations.selectors import ORDER, get_conversation, list_conversations
from conversations.services.changes import assign_conversation, change_status
from messaging.api import examples
from messaging.api.representations import conversation_json, list_json, window_json
from messaging.services.reading import read_conversation
from messaging.window import window_of
from tenants.needs import READ_CONVERSATIONS
from tenants.permissions import Permission as P

READ = (READ_CONVERSATIONS,)
UNKNOWN = (errors.ConversationNotFound,)
CHANGED = (*UNKNOWN, errors.StaleConversation)


class Conversations(ApiView):
    @operation(
        "conversations_list", "List conversations", needs=READ, paged=True, parameters=PARAMETERS,
        gives=page_of(shapes.ConversationShown), problems=(BadParameter,),
        example=examples.page(examples.CONVERSATION), about="Those that the caller sees, by last activity, the newest first.",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = list_conversations(**filters_of(request))
        return Response(page(request, rows, keys=ORDER, render=list_json, scope="conversations"))


class Conversation(ApiView):
    @operation("conversations_get", "Read a conversation", needs=READ, versioned=True,
               gives=shapes.ConversationShown, problems=UNKNOWN,
               example=examples.CONVERSATION)  # fmt: skip
    def get(self, request: Request, conversation_id: str) -> Response:
        return Response(conversation_json(get_conversation(conversation_id)))

    @operation(
        "conversations_change", "Change a conversation's status",
        needs=(*READ, P.CONVERSATIONS_CLOSE), versioned=True, takes=shapes.ConversationChange, gives=shapes.ConversationShown,
        problems=(*CHANGED, errors.AnotherIsOpen), asks={"status": "closed"},
        example={**examples.CONVERSATION, "status": "closed"},
        about="With `If-Match` (or `version`) only if nobody changed it meanwhile.",
    )  # fmt: skip
    def patch(self, request: Request, conversation_id: str, body: dict[str, Any]) -> Response:
        version = expected_version(request, body)
        changed = change_status(conversation_id=conversation_id, version=version, **body)
        return Response(conversation_json(changed))


class Assign(ApiView):
    @operation(
        "conversations_assign", "Assign a conversation", needs=(*READ, P.CONVERSATIONS_ASSIGN),
        versioned=True, takes=shapes.Assignment, gives=shapes.ConversationShown,
        problems=(*CHANGED, errors.AssigneeUnknown, errors.TeamUnknown),
        asks=[("To myself", {"assignee_id": "me"}), ("To a team", {"team_id": examples.ID}),
              ("Handed over to a team", {"assignee_id": None, "team_id": examples.ID})],
        example=examples.CONVERSATION,
        about="To an active member, to oneself, to a team, or to nobody; what is not named stays. "
        "Who gives a conversation away may not see it from then on.",
    )  # fmt: skip
    def post(self, request: Request, conversation_id: str, body: dict[str, Any]) -> Response:
        version = expected_version(request, body)
        if body.get("assignee_id") == "me":
            body["assignee_id"] = request.user.member_id
        changed = assign_conversation(conversation_id=conversation_id, version=version, **body)
        return Response(conversation_json(changed))


class Read(ApiView):
    @operation(
        "conversations_read", "Mark a conversation as read", needs=READ, versioned=True,
        takes=shapes.Reading, gives=shapes.ConversationShown, problems=UNKNOWN,
        asks={"typing": True}, example={**examples.CONVERSATION, "unread_count": 0},
        about="The customer sees it too (and that somebody types) if the caller holds "
        "`messages:send`.",
    )  # fmt: skip
    def post(self, request: Request, conversation_id: str, body: dict[str, bool]) -> Response:
        return Response(conversation_json(read_conversation(conversation_id, **body)))


class Window(ApiView):
    @operation("conversations_window", "What may be sent now", needs=READ,
               gives=shapes.WindowShown, problems=UNKNOWN,
               example={**examples.WINDOW, "reason": ""})  # fmt: skip
    def get(self, request: Request, conversation_id: str) -> Response:
        return Response(window_json(window_of(get_conversation(conversation_id))))
