"""What follows when a change and its message have met, whichever of them came first."""

from collections.abc import Sequence

from kernel.events import Event, emit
from messaging.events import CallChanged, MessageReacted, MessageStatusChanged
from messaging.ingest.reading import read_up_to
from messaging.ingest.targets import Target
from messaging.ingest.wordings import edited, revoked
from messaging.models import MessageUpdate

Joined = tuple[MessageUpdate, Target]


def take_effect(joined: Sequence[Joined]) -> None:
    """Let changes that have their message now do what they do; in the caller's transaction."""
    emit(*(fact for row, target in joined if (fact := _fact(row, target))))
    of = {kind: [one for one in joined if one[0].kind == kind]
          for kind in (MessageUpdate.REVOKE, MessageUpdate.EDIT, MessageUpdate.READ_TO)}  # fmt: skip
    revoked(of[MessageUpdate.REVOKE])
    edited(of[MessageUpdate.EDIT])
    read_up_to(of[MessageUpdate.READ_TO])


def _fact(row: MessageUpdate, target: Target) -> Event | None:
    message_id, conversation_id = target
    match row.kind:
        case MessageUpdate.STATUS:
            return MessageStatusChanged(message_id=message_id, conversation_id=conversation_id,
                                        status=row.status, code=(row.error or {}).get("code"))  # fmt: skip
        case MessageUpdate.REACTION:
            return MessageReacted(message_id=message_id, conversation_id=conversation_id,
                                  emoji=row.emoji, actor_kind=row.actor_kind)  # fmt: skip
        case MessageUpdate.CALL:
            return CallChanged(message_id=message_id, conversation_id=conversation_id,
                               phase=row.detail["phase"])  # fmt: skip
    return None
