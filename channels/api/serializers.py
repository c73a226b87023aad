"""Shapes of channels in requests and answers."""

from typing import Any

from rest_framework import serializers

from channels.models import Channel
from channels.providers import PROVIDERS
from config.api.fields import Choice, Id, Text
from config.api.serializers import Body, Shown

KINDS = [provider.kind for provider in PROVIDERS]
STATUSES = [status for status, _ in Channel.STATUSES]


class Digits(serializers.RegexField):
    """An id of Meta's: digits, as text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^[0-9]{1,40}\Z", trim_whitespace=False, **kwargs)


class NewChannel(Body):
    """By a pasted token. WhatsApp needs both ids; Instagram tells its own."""

    NEEDED = {"whatsapp": ("phone_number_id", "waba_id"), "instagram": ()}
    OF_OTHERS = {"whatsapp": ("page_id",), "instagram": ("phone_number_id", "waba_id")}

    kind = Choice(choices=KINDS)
    phone_number_id = Digits(required=False, help_text="WhatsApp: needed.")
    waba_id = Digits(required=False, help_text="WhatsApp: needed.")
    page_id = Digits(required=False, help_text="Instagram: when the token is a Facebook Page's.")
    access_token = Text(max_length=1000)
    app_secret = Text(
        required=False, max_length=200, allow_blank=True,
        help_text="Of the tenant's own Meta app; without one the installation's app is meant.",
    )  # fmt: skip
    name = Text(required=False, max_length=120, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        kind = attrs["kind"]
        missing = {
            name: "This field is required." for name in self.NEEDED[kind] if name not in attrs
        }
        if missing:
            raise serializers.ValidationError(missing, code="required")
        foreign = {name: f"Not for {kind}." for name in self.OF_OTHERS[kind] if name in attrs}
        if foreign:
            raise serializers.ValidationError(foreign, code="invalid")
        return attrs


class NewToken(Body):
    access_token = Text(max_length=1000)


class ExternalShown(Shown):
    phone_number_id = serializers.CharField(required=False)
    waba_id = serializers.CharField(required=False)
    display_phone_number = serializers.CharField(required=False, allow_blank=True)
    login = serializers.ChoiceField(choices=["instagram", "facebook"], required=False)
    ig_id = serializers.CharField(required=False)
    scoped_id = serializers.CharField(required=False)
    username = serializers.CharField(required=False)
    page_id = serializers.CharField(required=False)
    page_name = serializers.CharField(required=False)
    app_id = serializers.CharField(required=False)
    instagram_app_id = serializers.CharField(required=False)


class ChannelShown(Shown):
    id = Id()
    kind = serializers.ChoiceField(choices=KINDS)
    name = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)
    status_reason = serializers.CharField(allow_blank=True)
    status_at = serializers.DateTimeField()
    external = ExternalShown(help_text="The provider's ids.")
    facts = serializers.DictField(
        help_text="What the provider last said of the account: `quality`, `messaging_limit`, …"
    )
    last_inbound_at = serializers.DateTimeField(allow_null=True)
    last_outbound_at = serializers.DateTimeField(allow_null=True)
    health_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class CheckShown(Shown):
    name = serializers.CharField()
    ok = serializers.BooleanField()
    sentence = serializers.CharField()


class NoticeShown(Shown):
    topic = serializers.CharField(help_text="The provider's name for this kind of news.")
    severity = serializers.ChoiceField(choices=["info", "warning", "critical"])
    sentence = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField(allow_null=True, help_text="By the provider's clock.")


class HealthShown(Shown):
    status = serializers.ChoiceField(choices=STATUSES)
    status_reason = serializers.CharField(allow_blank=True)
    status_at = serializers.DateTimeField()
    checks = CheckShown(many=True)
    account = serializers.DictField(help_text="What the provider says of the account.")
    notices = NoticeShown(many=True, help_text="Its last news, the newest first.")
    checked_at = serializers.DateTimeField(allow_null=True)
    last_inbound_at = serializers.DateTimeField(allow_null=True)
    last_outbound_at = serializers.DateTimeField(allow_null=True)


class WebhookShown(Shown):
    url = serializers.CharField()
    verify_token = serializers.CharField()
