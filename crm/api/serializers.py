"""Shapes of contacts in requests and answers."""

from typing import Any

from rest_framework import serializers

from config.api.fields import Flag, Id, Text
from config.api.serializers import Shown, Versioned

MOST_ATTRIBUTES = 100


class ContactChange(Versioned):
    name = Text(required=False, max_length=200, allow_blank=True)
    email = serializers.EmailField(required=False, max_length=254, allow_blank=True)
    attributes = serializers.DictField(
        required=False, help_text="Replaces all of them; names are text, values any JSON."
    )
    blocked = Flag(required=False)

    def validate_attributes(self, value: dict[str, Any]) -> dict[str, Any]:
        if len(value) > MOST_ATTRIBUTES:
            raise serializers.ValidationError(f"At most {MOST_ATTRIBUTES}.", code="max_length")
        return value


class IdentityShown(Shown):
    kind = serializers.CharField()
    value = serializers.CharField()
    retired = serializers.BooleanField(help_text="The person has another one now.")


class ContactShown(Shown):
    id = Id()
    name = serializers.CharField(allow_blank=True)
    username = serializers.CharField(allow_blank=True)
    phone = serializers.CharField(allow_blank=True, help_text="Digits, with the country code.")
    email = serializers.CharField(allow_blank=True)
    attributes = serializers.DictField()
    preferences = serializers.DictField(
        help_text="By category, such as `marketing`: `is_wanted`, `at` and `source`."
    )
    blocked = serializers.BooleanField()
    merged_into_id = Id(
        allow_null=True, help_text="The contact that this one turned out to be; else null."
    )
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField(allow_null=True)


class OneContactShown(ContactShown):
    identities = IdentityShown(many=True, help_text="How providers know this person.")
