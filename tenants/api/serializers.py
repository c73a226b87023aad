"""Shapes of the Tenant agent's requests and answers."""

from rest_framework import serializers

from config.api.fields import Choice, Id, Text, Whole
from config.api.serializers import Body, Change, Shown
from tenants.models import Membership
from tenants.permissions import ROLES, Permission
from tenants.services.api_keys import LONGEST_OVERLAP_S

ROLE_NAMES = list(ROLES)
AVAILABILITIES = ["online", "away", "offline"]
STATUSES = [Membership.ACTIVE, Membership.DISABLED]


class NewTenant(Body):
    name = Text(max_length=120)
    slug = Text(max_length=40, help_text="Lower-case letters, digits and inner dashes.")


class TenantChange(Change):
    name = Text(max_length=120)


class SettingsChange(Change):
    reopen_hours = Whole(
        required=False, min_value=0, max_value=24 * 90,
        help_text="For so long after closing, a new message reopens a conversation.",
    )  # fmt: skip
    time_zone = Text(required=False, max_length=60, help_text="A name of the IANA database.")
    language = Text(required=False, max_length=12)


class NewMember(Body):
    email = serializers.EmailField(max_length=254)
    role = Choice(choices=ROLE_NAMES)


class MemberChange(Change):
    role = Choice(choices=ROLE_NAMES, required=False)
    status = Choice(choices=STATUSES, required=False)
    availability = Choice(choices=AVAILABILITIES, required=False)


class NewApiKey(Body):
    name = Text(max_length=80)
    scopes = serializers.ListField(
        child=Choice(choices=[str(permission) for permission in Permission]),
        min_length=1,
        max_length=len(Permission),
        help_text="Permissions, at most those that its maker holds.",
    )
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Within a year; 90 days from now if not given."
    )
    cidrs = serializers.ListField(
        child=Text(max_length=50), required=False, max_length=20,
        help_text="Networks that it may be used from; none means any.",
    )  # fmt: skip
    channel_ids = serializers.ListField(
        child=Id(), required=False, max_length=50,
        help_text="Channels that it keeps to, with their conversations, messages and events; none "
        "means any. Such a key holds no scopes for anything else.",
    )  # fmt: skip


class KeyRotation(Body):
    overlap_s = Whole(
        required=False, min_value=0, max_value=LONGEST_OVERLAP_S,
        help_text="For so many seconds the secret before holds as well; a day if not given.",
    )  # fmt: skip
    expires_at = serializers.DateTimeField(
        required=False,
        allow_null=True,
        help_text="The key's new end: within a year; 90 days from now.",
    )


class TenantShown(Shown):
    id = Id()
    slug = serializers.CharField()
    name = serializers.CharField()
    status = serializers.ChoiceField(choices=["active", "suspended"])
    created_at = serializers.DateTimeField()


class MyTenantShown(TenantShown):
    role = serializers.ChoiceField(choices=ROLE_NAMES)


class MeShown(Shown):
    kind = serializers.ChoiceField(choices=["member", "api_key"])
    id = Id(help_text="The member's or the key's.")
    member_id = Id(help_text="For a key, its maker.")
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=ROLE_NAMES)
    tenant = TenantShown()
    permissions = serializers.ListField(child=serializers.CharField())


class SettingsShown(Shown):
    reopen_hours = serializers.IntegerField()
    time_zone = serializers.CharField()
    language = serializers.CharField()


class MemberShown(Shown):
    id = Id()
    name = serializers.CharField(allow_blank=True)
    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=ROLE_NAMES)
    status = serializers.ChoiceField(choices=STATUSES)
    availability = serializers.ChoiceField(choices=AVAILABILITIES)
    created_at = serializers.DateTimeField()


class RoleShown(Shown):
    name = serializers.ChoiceField(choices=ROLE_NAMES)
    permissions = serializers.ListField(child=serializers.CharField())


class ApiKeyShown(Shown):
    id = Id()
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    cidrs = serializers.ListField(child=serializers.CharField())
    channel_ids = serializers.ListField(child=Id())
    created_by_id = Id(help_text="Who made it, or rotated it last: it holds no more than they do.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    previous_until = serializers.DateTimeField(
        allow_null=True, help_text="Until then the secret before the last rotation holds as well."
    )
    revoked_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="To the minute.")
    last_used_ip = serializers.CharField(allow_blank=True)


class NewApiKeyShown(ApiKeyShown):
    key = serializers.CharField(
        allow_null=True, help_text="Shown here once; null when the request is repeated."
    )
