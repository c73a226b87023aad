"""Shapes of what the installation's own people ask and do."""

from rest_framework import serializers

from config.api.fields import Flag, Id, Whole
from config.api.serializers import Shown
from tenants.api.serializers import ROLE, Because, LimitShown, TenantShown


class NewGrant(Because):
    email = serializers.EmailField(max_length=254, help_text="Of a member of staff, no superuser.")
    hours = Whole(min_value=1, max_value=30 * 24, help_text="For so long they may enter.")


class StaffRights(Because):
    is_staff = Flag(help_text="May enter the backoffice, and the tenants that they are granted.")
    is_superuser = Flag(help_text="May enter every tenant, and do all of this; staff as well.")


class EntryRulesShown(Shown):
    """What the tenant asks of whoever enters."""

    networks = serializers.ListField(child=serializers.CharField())
    email_domains = serializers.ListField(child=serializers.CharField())
    second_factor_required = serializers.BooleanField()


class OwnerShown(Shown):
    id = Id()
    name = serializers.CharField(allow_blank=True)
    email = serializers.EmailField()


class OperatedTenantShown(TenantShown):
    suspended_at = serializers.DateTimeField(allow_null=True)
    entry = EntryRulesShown()
    owners = OwnerShown(many=True, help_text="Active ones, twenty at most.")
    limits = LimitShown(many=True, help_text="With their use: how much of each there is.")


class GrantShown(Shown):
    id = Id()
    email = serializers.EmailField()
    reason = serializers.CharField()
    granted_by = serializers.CharField()
    is_open = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)


class NewImpersonation(Because):
    email = serializers.EmailField(max_length=254, help_text="Of an active member of the tenant.")


class ImpersonationShown(Shown):
    id = Id(help_text="Sent in `X-Impersonation`.")
    email = serializers.EmailField(help_text="Of the member of staff.")
    member_id = Id(help_text="As whom they act.")
    reason = serializers.CharField()
    is_running = serializers.BooleanField()
    started_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class PersonShown(Shown):
    id = Id()
    email = serializers.EmailField()
    name = serializers.CharField(allow_blank=True)
    is_active = serializers.BooleanField(help_text="false: disabled, nobody signs in.")
    is_staff = serializers.BooleanField()
    is_superuser = serializers.BooleanField()
    has_second_factor = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class TheirTenantShown(Shown):
    id = Id()
    slug = serializers.CharField()
    role = serializers.CharField(help_text=ROLE)


class OnePersonShown(PersonShown):
    tenants = TheirTenantShown(many=True, help_text="Of which they are an active member.")
    session_count = serializers.IntegerField(help_text="At most 100 are counted.")
