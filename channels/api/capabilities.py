"""What a channel can send: the limits of its kind, and what its own account may do now."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from channels import errors
from channels.api.serializers import KINDS, STATUSES
from channels.providers import provider_for
from channels.selectors import get_channel
from channels.services.capabilities import capabilities_of
from config.api.operations import operation
from config.api.serializers import Shown
from config.api.views import ApiView
from tenants.permissions import Permission as P


class RateShown(Shown):
    name = serializers.CharField(
        help_text="`messages` for all; `pair` to one person; `audio_video`, `private_reply`, `reads`."
    )
    per_second = serializers.FloatField()
    burst = serializers.IntegerField(
        allow_null=True, help_text="At once; null for a twentieth of the rate."
    )


class TemplateCountShown(Shown):
    by_status = serializers.DictField(child=serializers.IntegerField())
    can_manage = serializers.BooleanField(help_text="Whether they are made and changed here.")


class NowShown(Shown):
    can_send = serializers.BooleanField()
    status = serializers.ChoiceField(choices=STATUSES)
    why = serializers.CharField(allow_blank=True, help_text="Why it has its status.")
    quality = serializers.CharField(allow_blank=True)
    throughput = serializers.CharField(allow_blank=True, help_text="The number's tier.")
    messaging_limit = serializers.CharField(
        allow_blank=True, help_text="How many people may be written to first in a day."
    )
    login = serializers.CharField(
        allow_blank=True, help_text="Instagram's way of connecting: `instagram` or `facebook`."
    )


class CapabilitiesShown(Shown):
    kind = serializers.ChoiceField(choices=KINDS)
    types = serializers.ListField(child=serializers.CharField())
    text = serializers.DictField(help_text="`max_length` in characters or `max_bytes` of UTF-8.")
    media = serializers.DictField(help_text="By type: MIME types, size and caption limits.")
    images_per_message = serializers.IntegerField(required=False)
    sticker = serializers.DictField(required=False)
    interactive = serializers.DictField(required=False, help_text="By kind: the limits of each.")
    template = serializers.DictField(required=False, help_text="Limits of a template's parameters.")
    reaction = serializers.DictField()
    reply = serializers.BooleanField()
    read_receipts = serializers.BooleanField()
    typing = serializers.BooleanField()
    window = serializers.DictField(
        help_text="`hours` after the customer's last message, and what may be sent `outside`."
    )
    private_reply = serializers.DictField(required=False)
    comments = serializers.DictField(
        required=False,
        help_text="What can be done about comments: `public_reply`, `hide`, `delete`.",
    )
    ice_breakers = serializers.DictField(required=False)
    persistent_menu = serializers.DictField(required=False)
    messages_per_second = serializers.IntegerField(help_text="Of this very account.")
    audio_video_per_second = serializers.IntegerField(required=False)
    rates = RateShown(many=True)
    templates = TemplateCountShown(allow_null=True, help_text="Null where there are none.")
    now = NowShown()

    def get_fields(self) -> dict[str, Any]:
        """With ``fields``, a name that a serializer has for itself."""
        bounds = serializers.DictField(
            required=False, help_text="By type: each field's `required`, `min`, `max`."
        )
        return {**super().get_fields(), "fields": bounds}


def _example(kind: str, templates: Any, rates: list[Any], **now: str) -> dict[str, Any]:
    """The kind's own table, so that the example is never older than the limits."""
    known = {"can_send": True, "status": "active", "why": "", "quality": "", "throughput": "",
             "messaging_limit": "", "login": ""}  # fmt: skip
    provider = provider_for(kind)
    return {"kind": kind, **provider.capabilities, "rates": rates, "templates": templates,
            "messages_per_second": provider.pace.per_second, "now": known | now}  # fmt: skip


WHATSAPP = _example(
    "whatsapp", {"by_status": {"APPROVED": 12, "PAUSED": 1}, "can_manage": True},
    [{"name": "messages", "per_second": 80.0, "burst": None},
     {"name": "pair", "per_second": 0.1667, "burst": 45}],
    quality="GREEN", throughput="STANDARD", messaging_limit="TIER_10K",
)  # fmt: skip
INSTAGRAM = _example(
    "instagram", None,
    [{"name": "messages", "per_second": 300.0, "burst": None},
     {"name": "audio_video", "per_second": 10.0, "burst": 1},
     {"name": "private_reply", "per_second": 0.2083, "burst": 37},
     {"name": "reads", "per_second": 2.0, "burst": 1}], login="instagram",
)  # fmt: skip


class Capabilities(ApiView):
    @operation("channels_capabilities", "What a channel can send", needs=(P.CHANNELS_READ,),
               gives=CapabilitiesShown, problems=(errors.ChannelNotFound,),
               example=[("WhatsApp", WHATSAPP), ("Instagram", INSTAGRAM)],
               about="The limits of its kind, as every send is checked against them; and under "
                     "`now`, `rates` and `templates` what holds for this very account.")  # fmt: skip
    def get(self, request: Request, channel_id: str) -> Response:
        return Response(capabilities_of(get_channel(channel_id)))
