"""Comments under the account's own posts: hidden, shown again, deleted. The provider does it, then it is recorded."""

from collections.abc import Callable

from channels.errors import ChannelRemoved
from channels.models import Channel
from channels.providers.abilities import ModeratesComments
from channels.providers.contract import Outcome
from channels.selectors import client_of
from channels.services.asking import answered
from kernel import audit
from kernel.events import emit
from kernel.mongo.ids import new_id
from kernel.mongo.rows import insert_rows
from kernel.mongo.transactions import run_transaction
from messaging.errors import MessageNotFound, NotAComment, UnsupportedByChannel
from messaging.events import CommentModerated
from messaging.models import Message, MessageUpdate
from messaging.selectors import delivery_of, get_message
from messaging.wording import words_of
from tenants.access import Principal, require
from tenants.permissions import Permission

COMMENT = "comment"
Ask = Callable[[ModeratesComments, str], Outcome]


def hide_comment(*, message_id: str, is_hidden: bool) -> Message:
    """Hide a comment from everybody but its author and us, or show it again.

    Raises ``NotAComment``, ``UnsupportedByChannel`` where comments are not ours to hide,
    ``ProviderRefused`` and ``ProviderUnavailable``. Repeating it changes nothing.
    """

    def ask(client: ModeratesComments, comment_id: str) -> Outcome:
        return client.hide_comment(comment_id, is_hidden=is_hidden)

    what = "hidden" if is_hidden else "shown"
    return _moderate(message_id, ask, what, {"is_hidden": is_hidden})


def delete_comment(*, message_id: str) -> Message:
    """Delete a comment, a customer's or our own, for good; here it stays, marked. Refusals as of ``hide_comment``."""

    def ask(client: ModeratesComments, comment_id: str) -> Outcome:
        return client.delete_comment(comment_id)

    return _moderate(message_id, ask, "deleted", {"is_deleted": True})


def _moderate(message_id: str, ask: Ask, what: str, detail: dict[str, bool]) -> Message:
    principal = require(Permission.MESSAGES_SEND)
    message = get_message(message_id)
    comment_id = _comment_id(message)
    said = words_of(message, MessageUpdate.objects.filter(message_id=message.pk)).content
    if said.get("is_deleted"):
        return message
    answered(
        ask(_client(message), comment_id)
    )  # also what is so here: somebody may have changed it there
    if any(bool(said.get(name)) != value for name, value in detail.items()):
        run_transaction(lambda: _record(message, principal, what, detail))
    return message


def _comment_id(message: Message) -> str:
    """The provider's id of a comment; of one that we wrote, once it is known."""
    if message.type != COMMENT:
        raise NotAComment
    if message.direction == Message.INBOUND:
        return message.external_id
    delivery = delivery_of(message.pk)
    if delivery is None or not delivery.external_id:
        raise MessageNotFound("that comment has not reached the channel yet")
    return delivery.external_id


def _client(message: Message) -> ModeratesComments:
    channel = Channel.objects.get(pk=message.channel_id)
    if channel.status == Channel.REMOVED:
        raise ChannelRemoved
    client = client_of(channel)
    if not isinstance(client, ModeratesComments):
        raise UnsupportedByChannel(f"{channel.kind} has no comments.")
    return client


def _record(message: Message, by: Principal, what: str, detail: dict[str, bool]) -> None:
    insert_rows([MessageUpdate(
        channel_id=message.channel_id, message_id=message.pk, key=f"mo:{message.pk}:{new_id()}",
        kind=MessageUpdate.MODERATED, detail=detail, actor_id=by.id,
        actor_kind="agent" if by.kind == "member" else by.kind,
    )])  # fmt: skip
    audit.record(f"comment.{what}", message)
    emit(
        CommentModerated(message_id=message.pk, conversation_id=message.conversation_id, what=what)
    )
