"""The inbound ledger: what a provider sent and what became of it."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.fields import Id
from config.api.operations import operation
from config.api.paging import BadParameter, page, words
from config.api.rendering import moment
from config.api.serializers import Shown, page_of
from config.api.views import ApiView
from tenants.permissions import Permission as P
from webhooks import errors
from webhooks.models import WebhookEvent
from webhooks.selectors import get_webhook_body, list_webhook_events
from webhooks.services.replay import replay_event

Json = dict[str, Any]
STATES = [state for state, _ in WebhookEvent.STATES]
STATE = OpenApiParameter(
    "state", str, description=f"One or several of {', '.join(STATES)}, by comma."
)
MANAGE = (P.WEBHOOKS_MANAGE,)
READ = (
    P.WEBHOOKS_MANAGE,
    P.CONVERSATIONS_READ_ALL,
)  # a body is a message of anybody's conversation
EXAMPLE = {
    "id": "0192f0c1a2b3000000a1b2c3", "state": "dead", "channel_id": "0192f0c1a2b3000000a1b2c4",
    "field": "messages", "event_key": "message:wamid.HBg…", "attempts": 5,
    "reason": "KeyError", "last_error": "KeyError: 'from'",
    "delivery_id": "0192f0c1a2b3000000a1b2c5", "position": 0,
    "received_at": "2026-03-14T09:26:53.589Z", "created_at": "2026-03-14T09:26:53.601Z",
    "finished_at": "2026-03-14T09:26:53.732Z",
}  # fmt: skip


class WebhookEventShown(Shown):
    id = Id()
    state = serializers.ChoiceField(choices=STATES)
    channel_id = Id()
    field = serializers.CharField()
    event_key = serializers.CharField(help_text="The item's natural key in its channel.")
    attempts = serializers.IntegerField()
    reason = serializers.CharField(allow_blank=True)
    last_error = serializers.CharField(allow_blank=True)
    delivery_id = Id(help_text="The request that carried it.")
    position = serializers.IntegerField()
    received_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class OneWebhookEventShown(WebhookEventShown):
    body = serializers.DictField(help_text="The item as the provider sent it.")


def event_json(event: WebhookEvent) -> Json:
    return {
        "id": event.pk,
        "state": event.state,
        "channel_id": event.channel_id,
        "field": event.field,
        "event_key": event.event_key,
        "attempts": event.attempts,
        "reason": event.reason,
        "last_error": event.last_error,
        "delivery_id": event.delivery_id,
        "position": event.position,
        "received_at": moment(event.received_at),
        "created_at": moment(event.created_at),
        "finished_at": moment(event.finished_at),
    }


def events_json(events: list[WebhookEvent]) -> list[Json]:
    return [event_json(event) for event in events]


class WebhookEvents(ApiView):
    @operation(
        "webhook_events_list", "List inbound items", needs=MANAGE, paged=True, parameters=(STATE,),
        gives=page_of(WebhookEventShown), problems=(BadParameter,),
        example={"results": [EXAMPLE], "next": None}, about="The newest first.",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = list_webhook_events(states=words(request, "state", STATES))
        return Response(
            page(request, rows, keys=("-id",), render=events_json, scope="webhook-events")
        )


class OneWebhookEvent(ApiView):
    @operation("webhook_events_get", "Read an inbound item", needs=READ,
               gives=OneWebhookEventShown, problems=(errors.WebhookEventNotFound,),
               example={**EXAMPLE, "body": {"id": "wamid.HBg…"}})  # fmt: skip
    def get(self, request: Request, event_id: str) -> Response:
        event = get_webhook_body(event_id)
        return Response({**event_json(event), "body": event.body})


class Replay(ApiView):
    @operation(
        "webhook_events_replay", "Apply an inbound item again", needs=MANAGE,
        gives=WebhookEventShown, problems=(errors.WebhookEventNotFound, errors.NotReplayable),
        example={**EXAMPLE, "state": "ready"},
        about="A dead or parked one, in its place; what took effect already is not repeated.",
    )  # fmt: skip
    def post(self, request: Request, event_id: str) -> Response:
        return Response(event_json(replay_event(event_id=event_id)))
