"""Shapes of the Tenant agent's requests and answers."""

from rest_framework import serializers

from config.api.fields import Choice, Flag, Id, Text, Whole
from config.api.serializers import Body, Change, Shown
from tenants.models import Membership
from tenants.permissions import Permission
from tenants.services.api_keys import LONGEST_OVERLAP_S

ROLE = "A built-in role's name, or the key of a role of the tenant's own."
STATUS = "`disabled`: removed, or brought by an archive; `left`: by their own decision."
AVAILABILITY = (
    "What the member tells their colleagues; clients show it. Nothing is kept from who is away: a "
    "conversation can be assigned to them."
)
AVAILABILITIES = ["online", "away", "offline"]
TIME_ZONE = (
    "A name of the IANA database, in which clients show times. The API's are UTC, and so are the days of "
    "limits and what e-mails say."
)
LANGUAGE = (
    "A language code, such as `pt-br`, that clients take for people who chose none. E-mails and the "
    "backoffice are in English."
)
SETTABLE = [Membership.ACTIVE, Membership.DISABLED]


class NewTenant(Body):
    name = Text(max_length=120)
    slug = Text(max_length=40, help_text="Lower-case letters, digits and inner dashes.")


class TenantChange(Change):
    name = Text(max_length=120, required=False)
    slug = Text(
        max_length=40, required=False,
        help_text="Lower-case letters, digits and inner dashes. The old one names the tenant no more.",
    )  # fmt: skip


class Because(Body):
    """Why: it stands in the tenant's audit log."""

    reason = Text(min_length=3, max_length=200)


class LimitsChange(Because):
    limits = serializers.DictField(
        child=Whole(allow_null=True, min_value=0, max_value=2**53), allow_empty=False,
        help_text="New limits by their names, as the tenant reads them at `GET /tenant/limits`; null is no "
        "limit. `api_requests_per_second` is 1 at least: suspend a tenant that may ask for nothing.",
    )  # fmt: skip


class Retention(Body):
    """For each kind of data the days that it is kept."""

    messages = Whole(required=False, allow_null=True, min_value=1, max_value=36_500)
    media = Whole(required=False, allow_null=True, min_value=1, max_value=36_500)
    audit = Whole(required=False, allow_null=True, min_value=1, max_value=36_500)
    raw_deliveries = Whole(required=False, allow_null=True, min_value=1, max_value=36_500)
    events = Whole(required=False, allow_null=True, min_value=1, max_value=36_500)


class SettingsChange(Change):
    reopen_hours = Whole(
        required=False, min_value=0, max_value=24 * 90,
        help_text="For so long after closing, a new message reopens a conversation.",
    )  # fmt: skip
    time_zone = Text(required=False, max_length=60, help_text=TIME_ZONE)
    language = Text(required=False, max_length=12, help_text=LANGUAGE)
    retention_days = Retention(
        required=False, help_text="Only the kinds that are named change; null keeps for ever."
    )
    email_domains = serializers.ListField(
        child=Text(max_length=253), required=False, max_length=50,
        help_text="Members' addresses are of these domains; none means any.",
    )  # fmt: skip
    second_factor_required = Flag(
        required=False, help_text="Members without a second factor are refused."
    )
    ip_allow_list = serializers.ListField(
        child=Text(max_length=50), required=False, max_length=100,
        help_text="Networks that people and keys come from; none means any.",
    )  # fmt: skip


class MemberChange(Change):
    role = Text(max_length=40, required=False, help_text=ROLE)
    status = Choice(choices=SETTABLE, required=False)
    availability = Choice(choices=AVAILABILITIES, required=False, help_text=AVAILABILITY)


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


class TenantErasureShown(Shown):
    id = Id()
    due_at = serializers.DateTimeField(help_text="Until then any owner can cancel it.")


class MyTenantShown(TenantShown):
    role = serializers.CharField(help_text=ROLE)
    erasure = TenantErasureShown(
        allow_null=True, help_text="That the tenant is to be erased is shown to its owners."
    )


class MeShown(Shown):
    kind = serializers.ChoiceField(choices=["member", "api_key"])
    id = Id(help_text="The member's or the key's.")
    member_id = Id(help_text="For a key, its maker.")
    name = serializers.CharField()
    role = serializers.CharField(help_text=ROLE)
    tenant = TenantShown()
    permissions = serializers.ListField(child=serializers.CharField())


class RetentionShown(Shown):
    messages = serializers.IntegerField(allow_null=True)
    media = serializers.IntegerField(allow_null=True)
    audit = serializers.IntegerField(allow_null=True)
    raw_deliveries = serializers.IntegerField(allow_null=True)
    events = serializers.IntegerField(allow_null=True)


class SettingsShown(Shown):
    reopen_hours = serializers.IntegerField()
    time_zone = serializers.CharField(help_text=TIME_ZONE)
    language = serializers.CharField(help_text=LANGUAGE)
    retention_days = RetentionShown()
    email_domains = serializers.ListField(child=serializers.CharField())
    second_factor_required = serializers.BooleanField()
    ip_allow_list = serializers.ListField(child=serializers.CharField())


class LimitShown(Shown):
    name = serializers.CharField()
    title = serializers.CharField()
    limit = serializers.IntegerField(allow_null=True, help_text="null is no limit.")
    used = serializers.IntegerField(
        allow_null=True, help_text="null where the headers of each answer tell it."
    )
    used_is_at_least = serializers.BooleanField(
        help_text="There may be more: it was not counted further."
    )
    resets_at = serializers.DateTimeField(
        allow_null=True, help_text="When a daily limit begins anew."
    )


class MemberShown(Shown):
    id = Id()
    name = serializers.CharField(allow_blank=True)
    email = serializers.EmailField()
    role = serializers.CharField(help_text=ROLE)
    status = serializers.ChoiceField(choices=list(Membership.STATUSES), help_text=STATUS)
    availability = serializers.ChoiceField(choices=AVAILABILITIES, help_text=AVAILABILITY)
    team_ids = serializers.ListField(child=Id())
    created_at = serializers.DateTimeField()


class RoleShown(Shown):
    id = Id(allow_null=True, help_text="null for a built-in role, which cannot be changed.")
    key = serializers.CharField(help_text="What members' `role` says.")
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    is_built_in = serializers.BooleanField()
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


class AccountShown(Shown):
    id = Id()
    email = serializers.EmailField()
    name = serializers.CharField(allow_blank=True)
    has_password = serializers.BooleanField()
    has_second_factor = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class AccountChange(Change):
    name = Text(
        max_length=120,
        allow_blank=True,
        required=False,
        help_text="Also as a member of all tenants.",
    )
