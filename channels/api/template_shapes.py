"""Shapes of templates in requests and answers, with the examples of the schema."""

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from channels.api.examples import AT, ID
from channels.models import Channel, MessageTemplate
from channels.providers import provider_for
from channels.services.template_history import author_of
from channels.services.templates import Synced
from config.api.fields import Choice, Id, Text
from config.api.rendering import moment
from config.api.serializers import Body, Change, Shown

Json = dict[str, Any]
HISTORY = ("what", "value", "previous", "reason", "at")
PARTS_SHOWN = "In the provider's form: a list of HEADER, BODY, FOOTER, BUTTONS, …"
MOST_PARTS = 10


class NewTemplate(Body):
    name = Text(max_length=512, help_text="Small letters, digits and underscores.")
    language = Text(max_length=20, help_text="A code such as `en` or `en_US`.")
    category = Choice(choices=["AUTHENTICATION", "MARKETING", "UTILITY"])
    parameter_format = Choice(choices=["POSITIONAL", "NAMED"], default="POSITIONAL")
    components = serializers.ListField(
        child=serializers.DictField(), max_length=MOST_PARTS, help_text=PARTS_SHOWN
    )


class TemplateChange(Change):
    category = Choice(choices=["AUTHENTICATION", "MARKETING", "UTILITY"], required=False)
    components = serializers.ListField(
        child=serializers.DictField(), max_length=MOST_PARTS, required=False, help_text=PARTS_SHOWN
    )


class AuthorShown(Shown):
    kind = serializers.CharField(
        help_text="`member`, `api_key`, `staff`, `system`; `provider` for what came in a webhook, "
        "`sync` for what a look at the account found."
    )
    id = serializers.CharField(allow_blank=True)


class TemplateChangeShown(Shown):
    what = serializers.CharField(
        help_text="`status`, `quality`, `category`, `components`, `created`, `edited`, `found`."
    )
    value = serializers.CharField(allow_blank=True)
    previous = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField(allow_null=True)
    by = AuthorShown()


class TemplateShown(Shown):
    id = Id()
    external_id = serializers.CharField(allow_blank=True)
    name = serializers.CharField()
    language = serializers.CharField()
    category = serializers.CharField(allow_blank=True)
    status = serializers.CharField(
        allow_blank=True, help_text="The provider's; `DELETED` for one that it no longer has."
    )
    quality = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True, help_text="Why it has its status.")
    paused_until = serializers.DateTimeField(
        allow_null=True, help_text="When a pause ends by itself."
    )
    parameter_format = serializers.CharField()
    components = serializers.ListField(child=serializers.DictField())
    parameters = serializers.DictField(help_text="What a send of it takes.")
    history = TemplateChangeShown(many=True, help_text="Its last 50 changes, oldest first.")
    synced_at = serializers.DateTimeField()


class DifferenceShown(Shown):
    name = serializers.CharField()
    language = serializers.CharField()
    what = serializers.CharField()
    ours = serializers.CharField(allow_blank=True)
    theirs = serializers.CharField(allow_blank=True)


class SyncedShown(Shown):
    read = serializers.IntegerField(help_text="Templates of the account.")
    unreadable = serializers.IntegerField(help_text="Entries that were left out.")
    differences = DifferenceShown(many=True, help_text="What was not as we had been told.")


BODY = [{"type": "BODY", "text": "Hi {{1}}, your order {{2}} is on its way.",
         "example": {"body_text": [["Noa", "A-118"]]}}]  # fmt: skip
NEW = {"name": "order_update", "language": "en_US", "category": "UTILITY", "components": BODY}
WITH_FILE = [{"type": "HEADER", "format": "IMAGE", "example": {"media_id": ID}}, *BODY]
NEW_WITH_FILE = {**NEW, "name": "order_photo", "components": WITH_FILE}
TEMPLATE = {
    "id": ID, "external_id": "1234", "name": "order_update", "language": "en_US",
    "category": "UTILITY", "status": "APPROVED", "quality": "GREEN", "reason": "",
    "paused_until": None, "parameter_format": "POSITIONAL", "components": BODY,
    "parameters": {"body": 2},
    "history": [{"what": "created", "value": "PENDING", "previous": "", "reason": "", "at": AT,
                 "by": {"kind": "member", "id": ID}},
                {"what": "status", "value": "APPROVED", "previous": "", "reason": "", "at": AT,
                 "by": {"kind": "provider", "id": ""}}],
    "synced_at": AT,
}  # fmt: skip
SYNCED = {"read": 12, "unreadable": 0, "differences": [
    {"name": "order_update", "language": "en_US", "what": "status", "ours": "APPROVED",
     "theirs": "PAUSED"},
]}  # fmt: skip


def templates_json(channel: Channel, templates: Iterable[MessageTemplate]) -> list[Json]:
    return [template_json(channel, template) for template in templates]


def template_json(channel: Channel, template: MessageTemplate) -> Json:
    takes = provider_for(channel.kind).template_parameters
    return {
        "id": template.pk,
        "external_id": template.external_id,
        "name": template.name,
        "language": template.language,
        "category": template.category,
        "status": template.status,
        "quality": template.quality,
        "reason": template.reason,
        "paused_until": moment(template.paused_until),
        "parameter_format": template.parameter_format,
        "components": template.components,
        "parameters": takes(template.components, template.parameter_format),
        "history": [_change_json(entry) for entry in template.history],
        "synced_at": moment(template.synced_at),
    }


def _change_json(entry: Json) -> Json:
    return {name: entry[name] for name in HISTORY} | {"by": author_of(entry)}


def synced_json(synced: Synced) -> Json:
    return {
        "read": synced.read,
        "unreadable": synced.unreadable,
        "differences": [dict(vars(found)) for found in synced.differences],
    }
