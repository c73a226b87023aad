"""Teams, and who is in them."""

from kernel import audit
from kernel.events import emit
from kernel.mongo.doors import ObjectId, UniqueViolation, collection, owner
from kernel.mongo.transactions import run_transaction
from tenants.access import require
from tenants.errors import InvalidFields, LimitReached, MemberNotFound, TeamExists, TeamNotFound
from tenants.events import TeamCreated, TeamDeleted, TeamMemberAdded, TeamMemberRemoved, TeamRenamed
from tenants.models import Membership, Team
from tenants.permissions import Permission
from tenants.services.validation import validated

MOST = 200
MOST_EACH = 50


def create_team(*, name: str) -> Team:
    """A team without members; raises ``TeamExists``."""
    require(Permission.TEAMS_MANAGE)
    team = Team(name=_named(name))
    validated(team)
    try:
        return run_transaction(lambda: _create(team))
    except UniqueViolation as error:
        raise TeamExists(errors=[{"field": "name", "code": "taken"}]) from error


def _create(team: Team) -> Team:
    if len(Team.objects.values_list("pk")[:MOST]) >= MOST:
        raise LimitReached(f"a tenant has at most {MOST} teams", limit="teams", most=MOST)
    team._state.adding = True
    team.save(force_insert=True)
    audit.record("team.created", team, {"name": [None, team.name]})
    emit(TeamCreated(team_id=team.pk))
    return team


def rename_team(*, team_id: str, name: str) -> Team:
    """Give a team another name; raises ``TeamExists``."""
    require(Permission.TEAMS_MANAGE)
    try:
        return run_transaction(lambda: _rename(team_id, _named(name)))
    except UniqueViolation as error:
        raise TeamExists(errors=[{"field": "name", "code": "taken"}]) from error


def _rename(team_id: str, name: str) -> Team:
    team = _get(team_id)
    before, team.name = team.name, name
    validated(team)
    if before != name:
        team.save(update_fields=["name"])
        audit.record("team.renamed", team, {"name": [before, name]})
        emit(TeamRenamed(team_id=team.pk))
    return team


def delete_team(*, team_id: str) -> None:
    """Delete a team; its members are in it no more, and what was assigned to it goes back to all."""
    require(Permission.TEAMS_MANAGE)
    run_transaction(lambda: _delete(team_id))


def _delete(team_id: str) -> None:
    team = _get(team_id)
    in_it = {**owner(), "team_ids": team.pk}
    collection(Membership).update_many(in_it, {"$pull": {"team_ids": team.pk}})
    audit.record("team.deleted", team, {"name": [team.name, None]})
    emit(TeamDeleted(team_id=team.pk))
    collection(Team).delete_one({**owner(), "_id": ObjectId(team.pk)})


def put_in_team(*, team_id: str, member_id: str) -> Membership:
    """Put an active member in a team; nothing happens when they are in it."""
    require(Permission.TEAMS_MANAGE)
    return run_transaction(lambda: _put(team_id, member_id))


def _put(team_id: str, member_id: str) -> Membership:
    team, member = _get(team_id), _member(member_id)
    if member.status != Membership.ACTIVE:
        raise MemberNotFound
    if team.pk in (member.team_ids or ()):
        return member
    if len(member.team_ids or ()) >= MOST_EACH:
        raise LimitReached(f"a member is in at most {MOST_EACH} teams", limit="teams_each",
                           most=MOST_EACH)  # fmt: skip
    # The team's row too, so that deleting the team at the same time waits, or makes this look again.
    collection(Team).update_one({**owner(), "_id": ObjectId(team.pk)}, {"$inc": {"joined": 1}})
    _change(member, "$addToSet", team.pk)
    audit.record("team.member_added", member, {"team_id": [None, team.pk]})
    emit(TeamMemberAdded(team_id=team.pk, member_id=member.pk))
    return _member(member_id)


def take_from_team(*, team_id: str, member_id: str) -> None:
    """Take a member out of a team; nothing happens when they are not in it."""
    require(Permission.TEAMS_MANAGE)
    run_transaction(lambda: _take(team_id, member_id))


def _take(team_id: str, member_id: str) -> None:
    team, member = _get(team_id), _member(member_id)
    if team.pk not in (member.team_ids or ()):
        return
    _change(member, "$pull", team.pk)
    audit.record("team.member_removed", member, {"team_id": [team.pk, None]})
    emit(TeamMemberRemoved(team_id=team.pk, member_id=member.pk))


def _change(member: Membership, operator: str, team_id: str) -> None:
    mine = {**owner(), "_id": ObjectId(member.pk)}
    collection(Membership).update_one(mine, {operator: {"team_ids": team_id}})


def _get(team_id: str) -> Team:
    team = Team.objects.filter(pk=team_id).first()
    if team is None:
        raise TeamNotFound
    return team


def _member(member_id: str) -> Membership:
    member = Membership.objects.filter(pk=member_id).first()
    if member is None:
        raise MemberNotFound
    return member


def _named(name: str) -> str:
    """Without spaces around it, so that two names that look alike are alike."""
    clean = " ".join(name.split())
    if not clean:
        raise InvalidFields(errors=[{"field": "name", "code": "blank"}])
    return clean
