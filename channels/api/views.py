"""Connected accounts: listed, connected, read, removed."""

from collections.abc import Callable

from rest_framework.request import Request
from rest_framework.response import Response

from channels import errors
from channels.api import examples
from channels.api import serializers as shapes
from channels.api.representations import (
    channel_json,
    channels_json,
    health_json,
    webhook_json,
)
from channels.models import Channel
from channels.selectors import get_channel, list_channels
from channels.services.connect import (
    connect_instagram,
    connect_whatsapp,
    pause_channel,
    reconnect,
    remove_channel,
    resume_channel,
)
from channels.services.health import test_channel
from config.api.operations import operation
from config.api.paging import page
from config.api.serializers import page_of
from config.api.views import ApiView
from tenants.errors import LimitReached
from tenants.permissions import Permission as P

CONNECT: dict[str, Callable[..., Channel]] = {
    "whatsapp": connect_whatsapp,
    "instagram": connect_instagram,
}
READ, MANAGE, CREDENTIALS = P.CHANNELS_READ, P.CHANNELS_MANAGE, P.CHANNELS_CREDENTIALS
UNKNOWN = (errors.ChannelNotFound,)
PROVIDER = (errors.CredentialsRefused, errors.ProviderUnavailable)


class Channels(ApiView):
    @operation("channels_list", "List channels", needs=(READ,), paged=True,
               gives=page_of(shapes.ChannelShown),
               example={"results": [examples.CHANNEL], "next": None})  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(
            page(request, list_channels(), keys=("-id",), render=channels_json, scope="channels")
        )

    @operation(
        "channels_connect", "Connect an account by a pasted token", needs=(MANAGE, CREDENTIALS),
        costly=True, fresh=True, takes=shapes.NewChannel, gives=shapes.ChannelShown, status=201,
        problems=(*PROVIDER, errors.ChannelTaken, errors.AccountTaken, LimitReached),
        asks=examples.CONNECTS, example=examples.CHANNEL,
        about="The provider is asked about the account first; its templates are read after.",
    )  # fmt: skip
    def post(self, request: Request, body: dict[str, str]) -> Response:
        connect = CONNECT[body.pop("kind")]
        return Response(channel_json(connect(**body)), status=201)


class OneChannel(ApiView):
    @operation("channels_get", "Read a channel", needs=(READ,), gives=shapes.ChannelShown,
               problems=UNKNOWN, example=examples.CHANNEL)  # fmt: skip
    def get(self, request: Request, channel_id: str) -> Response:
        return Response(channel_json(get_channel(channel_id)))

    @operation("channels_remove", "Remove a channel", needs=(MANAGE,), status=204, problems=UNKNOWN,
               about="Its address is free again; its conversations stay.")  # fmt: skip
    def delete(self, request: Request, channel_id: str) -> Response:
        remove_channel(channel_id=channel_id)
        return Response(status=204)


class Health(ApiView):
    @operation("channels_health", "Read the last health report", needs=(READ,),
               gives=shapes.HealthShown, problems=UNKNOWN, example=examples.HEALTH)  # fmt: skip
    def get(self, request: Request, channel_id: str) -> Response:
        return Response(health_json(get_channel(channel_id)))


class Test(ApiView):
    @operation("channels_test", "Ask the provider how the channel is", costly=True, needs=(MANAGE,),
               gives=shapes.HealthShown, problems=UNKNOWN, example=examples.HEALTH,
               about="Runs every check now and keeps the report.")  # fmt: skip
    def post(self, request: Request, channel_id: str) -> Response:
        channel, _ = test_channel(channel_id=channel_id)
        return Response(health_json(channel))


class Pause(ApiView):
    @operation("channels_pause", "Pause a channel", needs=(MANAGE,), gives=shapes.ChannelShown,
               problems=(*UNKNOWN, errors.IllegalMove), example={**examples.CHANNEL, "status": "paused"},
               about="Its sends wait until it is resumed; inbound goes on.")  # fmt: skip
    def post(self, request: Request, channel_id: str) -> Response:
        return Response(channel_json(pause_channel(channel_id=channel_id)))


class Resume(ApiView):
    @operation("channels_resume", "Resume a paused channel", needs=(MANAGE,),
               gives=shapes.ChannelShown, problems=(*UNKNOWN, errors.ChannelNotPaused),
               example=examples.CHANNEL, about="What waited leaves first, in order.")  # fmt: skip
    def post(self, request: Request, channel_id: str) -> Response:
        return Response(channel_json(resume_channel(channel_id=channel_id)))


class Reconnect(ApiView):
    @operation(
        "channels_reconnect", "Give a channel a new token", needs=(MANAGE, CREDENTIALS), fresh=True,
        takes=shapes.NewToken, gives=shapes.ChannelShown, problems=(*UNKNOWN, *PROVIDER),
        asks={"access_token": "EAA…"}, example=examples.CHANNEL,
        about="For a channel whose token the provider no longer accepts; its queue goes on.",
    )  # fmt: skip
    def post(self, request: Request, channel_id: str, body: dict[str, str]) -> Response:
        return Response(channel_json(reconnect(channel_id=channel_id, **body)))


class Webhook(ApiView):
    @operation(
        "channels_webhook", "Where a Meta app of the tenant's own posts webhooks",
        needs=(MANAGE, CREDENTIALS), gives=shapes.WebhookShown, problems=UNKNOWN,
        example=examples.WEBHOOK,
        about="For Meta's dashboard. The app that all tenants share has an address of its own.",
    )  # fmt: skip
    def get(self, request: Request, channel_id: str) -> Response:
        return Response(webhook_json(get_channel(channel_id)))
