"""Comments under the account's own posts: hidden, shown again, deleted."""

from rest_framework.request import Request
from rest_framework.response import Response

from channels.errors import ChannelRemoved, ProviderRefused, ProviderUnavailable
from config.api.fields import Flag
from config.api.operations import operation
from config.api.serializers import Body
from config.api.views import ApiView
from messaging import errors
from messaging.api import examples
from messaging.api import serializers as shapes
from messaging.api.representations import messages_json
from messaging.services.moderation import delete_comment, hide_comment
from tenants.permissions import Permission as P

PROBLEMS = (errors.MessageNotFound, errors.NotAComment, errors.UnsupportedByChannel,
            ChannelRemoved, ProviderRefused, ProviderUnavailable)  # fmt: skip


class Hiding(Body):
    is_hidden = Flag()


class Comment(ApiView):
    @operation(
        "comments_hide", "Hide a comment, or show it again", needs=(P.MESSAGES_SEND,), takes=Hiding,
        gives=shapes.MessageShown, problems=PROBLEMS, asks={"is_hidden": True},
        example=examples.COMMENT,
        about="Its author still sees a hidden one, nobody else does. Answer a comment with "
        "`POST /conversations/{id}/messages`: `comment` under it, `text` in private.",
    )  # fmt: skip
    def patch(self, request: Request, message_id: str, body: dict[str, bool]) -> Response:
        message = hide_comment(message_id=message_id, is_hidden=body["is_hidden"])
        return Response(messages_json([message])[0])

    @operation("comments_delete", "Delete a comment", needs=(P.MESSAGES_SEND,), status=204,
               problems=PROBLEMS, about="At the provider, for good; in the conversation it stays, "
               "with `is_deleted`.")  # fmt: skip
    def delete(self, request: Request, message_id: str) -> Response:
        delete_comment(message_id=message_id)
        return Response(status=204)
