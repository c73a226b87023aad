"""Which of our messages a provider speaks of."""

from collections.abc import Iterable
from typing import Any

from kernel.mongo.doors import ObjectId, collection, owner
from messaging.models import Delivery, Message

Target = tuple[str, str]  # message id, conversation id
External = tuple[str, str]  # channel id, the provider's message id


def find_targets(wanted: Iterable[External]) -> dict[External, Target]:
    """Messages by the provider's id: inbound ones carry it, outbound ones have it on their delivery."""
    wanted = set(wanted)
    received = find_by_external_id(Message, wanted)
    sent = find_by_external_id(Delivery, wanted)
    return {
        **{at: (str(row["_id"]), str(row["conversation_id"])) for at, row in received.items()},
        **{at: (str(row["message_id"]), str(row["conversation_id"])) for at, row in sent.items()},
    }


def find_by_external_id(
    model: type[Message | Delivery], wanted: Iterable[External]
) -> dict[External, dict[str, Any]]:
    """The ids of the rows that carry a provider's id: ``_id``, ``message_id``, ``conversation_id``."""
    wanted = set(wanted)
    if not wanted:
        return {}
    where = {
        **owner(),
        "channel_id": {"$in": [ObjectId(channel) for channel in {c for c, _ in wanted}]},
        "external_id": {"$in": list({external for _, external in wanted})},
    }
    fields = {"channel_id": 1, "external_id": 1, "message_id": 1, "conversation_id": 1}
    found = collection(model).find(where, fields, batch_size=2 * len(wanted) + 1)
    return {(str(row["channel_id"]), row["external_id"]): row for row in found}


def find_by_callback(values: Iterable[str]) -> dict[str, Target]:
    """Our own message id comes back with the status, so the send need not be recorded yet."""
    ids = [ObjectId(value) for value in set(values)
           if len(value) == 24 and all(c in "0123456789abcdef" for c in value)]  # fmt: skip
    if not ids:
        return {}
    where = {**owner(), "_id": {"$in": ids}, "direction": Message.OUTBOUND}
    found = collection(Message).find(where, {"conversation_id": 1}, batch_size=len(ids) + 1)
    return {str(row["_id"]): (str(row["_id"]), str(row["conversation_id"])) for row in found}
