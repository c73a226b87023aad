"""A member who is gone answers nobody: what was open with them is assigned to nobody."""

from collections.abc import Iterable

from conversations.events import ConversationAssigned, ConversationsLeftMember
from conversations.models import Conversation
from kernel import audit
from kernel.events import emit
from kernel.mongo.doors import ObjectId, collection, owner
from tenants.models import Membership

AT_ONCE = 200
UNDER_WAY = [Conversation.OPEN, Conversation.PENDING]


def leave_member(member_id: str) -> None:
    """Take the next 200 open conversations from a member, unless they are back; in the caller's transaction.

    Closed ones keep whose they were. ``ConversationsLeftMember`` says whether there may be more; whoever
    hears it goes on.
    """
    if not gone_among([member_id]):
        return
    wanted = {**owner(), "assignee_id": ObjectId(member_id), "status": {"$in": UNDER_WAY}}
    ids = [row["_id"] for row in collection(Conversation).find(wanted, {"_id": 1}, limit=AT_ONCE)]
    if not ids:
        return
    change = {"$set": {"assignee_id": None}, "$inc": {"version": 1}}
    collection(Conversation).update_many({**owner(), "_id": {"$in": ids}}, change)
    for id_ in ids:
        audit.record("conversation.assigned", ("conversation", str(id_)),
                     {"assignee": [member_id, None]}, reason="no longer a member")  # fmt: skip
    emit(
        *(
            ConversationAssigned(conversation_id=str(id_), assignee_id=None, before=member_id)
            for id_ in ids
        ),
        ConversationsLeftMember(member_id=member_id, count=len(ids), is_more=len(ids) == AT_ONCE),
    )


def leave_to_all(conversation: Conversation) -> None:
    """Assign one that opens again to nobody, because whose it was is gone; in the caller's transaction."""
    before, conversation.assignee_id = conversation.assignee_id, None
    mine = {**owner(), "_id": ObjectId(conversation.pk)}
    collection(Conversation).update_one(mine, {"$set": {"assignee_id": None}})
    audit.record("conversation.assigned", conversation, {"assignee": [before, None]},
                 reason="no longer a member")  # fmt: skip
    emit(ConversationAssigned(conversation_id=conversation.pk, assignee_id=None, before=before))


def gone_among(member_ids: Iterable[str | None]) -> set[str]:
    """Those of the members who are active no more: nothing that opens again is theirs."""
    asked = {id_ for id_ in member_ids if id_}
    if not asked:
        return set()
    still = {**owner(), "_id": {"$in": [ObjectId(id_) for id_ in asked]},
             "status": Membership.ACTIVE}  # fmt: skip
    return asked - {str(row["_id"]) for row in collection(Membership).find(still, {"_id": 1})}
