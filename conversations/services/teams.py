"""A team that is gone has no conversations: what was assigned to it goes back to all."""

from conversations.events import ConversationsLeftTeam, ConversationTeamChanged
from conversations.models import Conversation
from kernel import audit
from kernel.events import emit
from kernel.mongo.doors import ObjectId, collection, owner

AT_ONCE = 200


def leave_team(team_id: str) -> None:
    """Take the next 200 conversations out of a team, in the caller's transaction.

    ``ConversationsLeftTeam`` says whether there may be more; whoever hears it goes on.
    """
    wanted = {**owner(), "team_id": ObjectId(team_id)}
    ids = [row["_id"] for row in collection(Conversation).find(wanted, {"_id": 1}, limit=AT_ONCE)]
    if not ids:
        return
    change = {"$set": {"team_id": None}, "$inc": {"version": 1}}
    collection(Conversation).update_many({**owner(), "_id": {"$in": ids}}, change)
    for id_ in ids:
        audit.record("conversation.assigned", ("conversation", str(id_)), {"team": [team_id, None]},
                     reason="the team was deleted")  # fmt: skip
    emit(
        *(
            ConversationTeamChanged(conversation_id=str(id_), team_id=None, before=team_id)
            for id_ in ids
        ),
        ConversationsLeftTeam(team_id=team_id, count=len(ids), is_more=len(ids) == AT_ONCE),
    )
