"""Messages: listed, sent, read with all that became of them."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from channels.errors import ChannelRemoved
from config.api.operations import operation
from config.api.paging import page
from config.api.serializers import page_of
from config.api.views import ApiView
from conversations.errors import ConversationNotFound
from messaging import errors
from messaging.api import examples
from messaging.api import serializers as shapes
from messaging.api.representations import messages_json, new_message_json, one_message_json
from messaging.api.sending import NewMessage, draft_of
from messaging.selectors import get_message, list_messages
from messaging.services.send import send_message
from tenants.permissions import Permission as P

READ = (P.CONVERSATIONS_READ_ALL,)
REFUSALS = (
    ConversationNotFound, ChannelRemoved, errors.WindowClosed, errors.InvalidMessageBody,
    errors.UnsupportedByChannel, errors.TemplateUnknown, errors.ConversationMovedOn,
    errors.ConversationIsClosed, errors.NotAComment, errors.CommentNotAnswerable, errors.MessageNotFound, errors.MediaNotFound, errors.MediaNotReady,
)  # fmt: skip


class Messages(ApiView):
    @operation("messages_list", "List a conversation's messages", needs=READ, paged=True,
               gives=page_of(shapes.MessageShown), problems=(ConversationNotFound,),
               example=examples.page(examples.MESSAGE), about="The newest first.")  # fmt: skip
    def get(self, request: Request, conversation_id: str) -> Response:
        rows, scope = list_messages(conversation_id), f"messages:{conversation_id}"
        return Response(page(request, rows, keys=("-seq",), render=messages_json, scope=scope))

    @operation(
        "messages_send", "Send a message", takes=NewMessage, gives=shapes.MessageShown, status=201,
        who="Permission: `messages:send`; for a template `messages:send_template`.",
        problems=REFUSALS, asks=examples.SENDS, example=examples.MESSAGE,
        about="Checked against the channel's rules before anything is stored, then queued; "
        "messages of a conversation leave in order. Outside the messaging window a template is "
        "taken; anything else is `window_closed`, with what is `allowed` and `until` when it was "
        "open.",
    )  # fmt: skip
    def post(self, request: Request, conversation_id: str, body: dict[str, Any]) -> Response:
        expected = body.get("expected_last_message_id", "")
        message = send_message(
            conversation_id=conversation_id, draft=draft_of(body), expected_last_message_id=expected
        )
        return Response(new_message_json(message), status=201)


class Message(ApiView):
    @operation(
        "messages_get", "Read a message", needs=READ, gives=shapes.OneMessageShown,
        problems=(errors.MessageNotFound,), about="With its updates and the attempts to send it.",
        example={**examples.MESSAGE, "updates": [examples.UPDATE], "attempts": [examples.ATTEMPT]},
    )  # fmt: skip
    def get(self, request: Request, message_id: str) -> Response:
        return Response(one_message_json(get_message(message_id)))
