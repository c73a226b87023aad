"""Shapes of roles, teams and invitations."""

from rest_framework import serializers

from config.api.fields import Choice, Id, Text
from config.api.serializers import Body, Change, Shown
from tenants.api.serializers import ROLE, MemberShown, TenantShown
from tenants.permissions import Permission

PERMISSIONS = [str(permission) for permission in Permission]


def held(**options: bool) -> serializers.ListField:
    """A list of permissions, at most those that the caller holds."""
    return serializers.ListField(
        child=Choice(choices=PERMISSIONS), max_length=len(PERMISSIONS),
        help_text="Permissions, at most those that the caller holds.", **options,
    )  # fmt: skip


class NewRole(Body):
    name = Text(max_length=60)
    description = Text(max_length=200, required=False, allow_blank=True)
    permissions = held()


class RoleChange(Change):
    name = Text(max_length=60, required=False)
    description = Text(max_length=200, required=False, allow_blank=True)
    permissions = held(required=False)


class NewTeam(Body):
    name = Text(max_length=80)


class TeamShown(Shown):
    id = Id()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()


class NewInvitation(Body):
    email = serializers.EmailField(max_length=254)
    role = Text(max_length=40, help_text=ROLE)


class InvitationShown(Shown):
    id = Id()
    email = serializers.EmailField()
    role = serializers.CharField(help_text=ROLE)
    status = serializers.ChoiceField(choices=["open", "accepted", "revoked", "replaced", "expired"])
    invited_by_id = Id(allow_null=True, help_text="A member; null when staff invited.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    mailed_at = serializers.DateTimeField(allow_null=True, help_text="null until it has left.")
    accepted_at = serializers.DateTimeField(allow_null=True)


class Acceptance(Body):
    token = Text(max_length=200, help_text="What stands behind `#token=` in the e-mail's link.")


class AcceptedShown(Shown):
    tenant = TenantShown()
    member = MemberShown()
