"""Roles and teams."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from config.api.operations import operation
from config.api.paging import page
from config.api.serializers import all_of, page_of
from config.api.views import ApiView
from tenants import errors
from tenants.api import examples, group_shapes
from tenants.api import serializers as shapes
from tenants.api.representations import (
    built_in_roles_json,
    members_json,
    role_json,
    team_json,
    teams_json,
)
from tenants.permissions import Permission as P
from tenants.selectors import get_role, get_team, list_roles, list_team_members, list_teams
from tenants.services.roles import change_role, create_role, delete_role
from tenants.services.teams import (
    create_team,
    delete_team,
    put_in_team,
    rename_team,
    take_from_team,
)

BROADER = (errors.RoleTooHigh, errors.InvalidFields)


class Roles(ApiView):
    @operation("roles_list", "List roles", needs=(P.MEMBERS_READ,), gives=all_of(shapes.RoleShown),
               example={"results": [examples.ROLE]},
               about="The built-in roles, then the tenant's own.")  # fmt: skip
    def get(self, request: Request) -> Response:
        own = [role_json(role) for role in list_roles().order_by("key")]
        return Response({"results": [*built_in_roles_json(), *own]})

    @operation(
        "roles_create", "Create a role", needs=(P.ROLES_MANAGE,), takes=group_shapes.NewRole,
        gives=shapes.RoleShown, status=201,
        problems=(*BROADER, errors.RoleExists, errors.LimitReached),
        asks={"name": "Night shift", "permissions": ["contacts:read", "messages:send"]},
        example=examples.ROLE,
        about="Nobody makes a role that holds what they do not hold. Its `key` is what members' "
        "`role` says; it never changes.",
    )  # fmt: skip
    def post(self, request: Request, body: dict[str, Any]) -> Response:
        return Response(role_json(create_role(**body)), status=201)


class OneRole(ApiView):
    @operation("roles_get", "Read a role", needs=(P.MEMBERS_READ,), gives=shapes.RoleShown,
               problems=(errors.RoleNotFound,), example=examples.ROLE,
               about="One of the tenant's own.")  # fmt: skip
    def get(self, request: Request, role_id: str) -> Response:
        return Response(role_json(get_role(role_id)))

    @operation(
        "roles_change", "Change a role", needs=(P.ROLES_MANAGE,), takes=group_shapes.RoleChange,
        gives=shapes.RoleShown,
        problems=(errors.RoleNotFound, errors.RoleExists, *BROADER),
        asks={"permissions": ["contacts:read"]},
        example={**examples.ROLE, "permissions": ["contacts:read"]},
        about="Holds for everyone who has the role, and for the keys they made, from the next "
        "request on.",
    )  # fmt: skip
    def patch(self, request: Request, role_id: str, body: dict[str, Any]) -> Response:
        return Response(role_json(change_role(role_id=role_id, **body)))

    @operation(
        "roles_delete", "Delete a role", needs=(P.ROLES_MANAGE,), status=204,
        problems=(errors.RoleNotFound, errors.RoleInUse, errors.RoleTooHigh),
        about="A role that members, also removed ones, or open invitations have is not deleted.",
    )  # fmt: skip
    def delete(self, request: Request, role_id: str) -> Response:
        delete_role(role_id=role_id)
        return Response(status=204)


class Teams(ApiView):
    @operation("teams_list", "List teams", needs=(P.MEMBERS_READ,), paged=True,
               gives=page_of(group_shapes.TeamShown), example=examples.page(examples.TEAM))  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(
            page(request, list_teams(), keys=("name",), render=teams_json, scope="teams")
        )

    @operation(
        "teams_create", "Create a team", needs=(P.TEAMS_MANAGE,), takes=group_shapes.NewTeam,
        gives=group_shapes.TeamShown, status=201,
        problems=(errors.TeamExists, errors.InvalidFields, errors.LimitReached),
        asks={"name": "Billing"}, example=examples.TEAM,
    )  # fmt: skip
    def post(self, request: Request, body: dict[str, Any]) -> Response:
        return Response(team_json(create_team(**body)), status=201)


class OneTeam(ApiView):
    @operation("teams_get", "Read a team", needs=(P.MEMBERS_READ,), gives=group_shapes.TeamShown,
               problems=(errors.TeamNotFound,), example=examples.TEAM)  # fmt: skip
    def get(self, request: Request, team_id: str) -> Response:
        return Response(team_json(get_team(team_id)))

    @operation(
        "teams_change", "Rename a team", needs=(P.TEAMS_MANAGE,), takes=group_shapes.NewTeam,
        gives=group_shapes.TeamShown,
        problems=(errors.TeamNotFound, errors.TeamExists, errors.InvalidFields),
        asks={"name": "Billing"}, example=examples.TEAM,
    )  # fmt: skip
    def patch(self, request: Request, team_id: str, body: dict[str, Any]) -> Response:
        return Response(team_json(rename_team(team_id=team_id, **body)))

    @operation("teams_delete", "Delete a team", needs=(P.TEAMS_MANAGE,), status=204,
               problems=(errors.TeamNotFound,),
               about="Its members stay members; they are in it no more.")  # fmt: skip
    def delete(self, request: Request, team_id: str) -> Response:
        delete_team(team_id=team_id)
        return Response(status=204)


class TeamMembers(ApiView):
    @operation("team_members_list", "List who is in a team", needs=(P.MEMBERS_READ,), paged=True,
               gives=page_of(shapes.MemberShown), problems=(errors.TeamNotFound,),
               example=examples.page(examples.MEMBER))  # fmt: skip
    def get(self, request: Request, team_id: str) -> Response:
        return Response(page(request, list_team_members(team_id), keys=("user_id",),
                             render=members_json, scope=f"team:{team_id}"))  # fmt: skip


class TeamMember(ApiView):
    @operation("team_members_put", "Put a member in a team", needs=(P.TEAMS_MANAGE,), status=204,
               problems=(errors.TeamNotFound, errors.MemberNotFound, errors.LimitReached),
               about="An active member; nothing changes when they are in it.")  # fmt: skip
    def put(self, request: Request, team_id: str, member_id: str) -> Response:
        put_in_team(team_id=team_id, member_id=member_id)
        return Response(status=204)

    @operation("team_members_take", "Take a member out of a team", needs=(P.TEAMS_MANAGE,),
               status=204, problems=(errors.TeamNotFound, errors.MemberNotFound))  # fmt: skip
    def delete(self, request: Request, team_id: str, member_id: str) -> Response:
        take_from_team(team_id=team_id, member_id=member_id)
        return Response(status=204)
