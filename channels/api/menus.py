"""Ice breakers and the persistent menu of an account, read and written at the provider."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from channels import errors
from channels.services import menus
from config.api.fields import Text
from config.api.operations import operation
from config.api.serializers import Body, Shown
from config.api.views import ApiView
from tenants.permissions import Permission as P

MOST, LONG = 100, 2_000
PROBLEMS = (errors.ChannelNotFound, errors.MenusUnsupported, errors.ProviderRefused,
            errors.ProviderUnavailable)  # fmt: skip
SHOWN = {
    "ice_breakers": [{"question": "When are you open?", "payload": "HOURS"}],
    "persistent_menu": [{"title": "Track my order", "payload": "TRACK"},
                        {"title": "Our shop", "url": "https://shop.example"}],
}  # fmt: skip


class Question(Body):
    question = Text(max_length=LONG, help_text="What the customer taps.")
    payload = Text(max_length=LONG, help_text="What comes back with the tap.")


class Item(Body):
    """Either ``payload`` (a tap that comes back) or ``url`` (a page that opens)."""

    title = Text(max_length=LONG)
    payload = Text(required=False, max_length=LONG)
    url = Text(required=False, max_length=LONG)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("payload" in attrs) == ("url" in attrs):
            raise serializers.ValidationError("Either payload or url.", code="one_of")
        return attrs


class NewIceBreakers(Body):
    ice_breakers = Question(many=True, max_length=MOST, help_text="An empty list takes them away.")


class NewMenu(Body):
    persistent_menu = Item(many=True, max_length=MOST, help_text="An empty list takes it away.")


class QuestionShown(Shown):
    question = serializers.CharField(required=False)
    payload = serializers.CharField(required=False)


class ItemShown(Shown):
    title = serializers.CharField(required=False)
    payload = serializers.CharField(required=False)
    url = serializers.CharField(required=False)


class MenusShown(Shown):
    ice_breakers = QuestionShown(many=True)
    persistent_menu = ItemShown(many=True)


class Menus(ApiView):
    @operation("channels_menus", "Read what customers are offered to tap", needs=(P.CHANNELS_READ,),
               gives=MenusShown, problems=PROBLEMS, example=SHOWN,
               about="Instagram's ice breakers and persistent menu, as the provider has them now.")  # fmt: skip
    def get(self, request: Request, channel_id: str) -> Response:
        return Response(menus.read_menus(channel_id=channel_id))


class IceBreakers(ApiView):
    @operation(
        "channels_set_ice_breakers", "Offer questions before the first word",
        needs=(P.CHANNELS_MANAGE,), takes=NewIceBreakers, gives=MenusShown,
        problems=(*PROBLEMS, errors.InvalidMenu), example=SHOWN,
        asks={"ice_breakers": SHOWN["ice_breakers"]},
        about="Replaces them all; the limits are in the channel's capabilities.",
    )  # fmt: skip
    def put(self, request: Request, channel_id: str, body: dict[str, Any]) -> Response:
        questions = body["ice_breakers"]
        return Response(menus.set_ice_breakers(channel_id=channel_id, questions=questions))

    @operation("channels_clear_ice_breakers", "Take the ice breakers away", needs=(P.CHANNELS_MANAGE,),
               status=204, problems=PROBLEMS)  # fmt: skip
    def delete(self, request: Request, channel_id: str) -> Response:
        menus.set_ice_breakers(channel_id=channel_id, questions=[])
        return Response(status=204)


class PersistentMenu(ApiView):
    @operation(
        "channels_set_persistent_menu", "Offer a menu in every conversation",
        needs=(P.CHANNELS_MANAGE,), takes=NewMenu, gives=MenusShown,
        problems=(*PROBLEMS, errors.InvalidMenu), example=SHOWN,
        asks={"persistent_menu": SHOWN["persistent_menu"]},
        about="Replaces it all; telephones may show the old one for a while.",
    )  # fmt: skip
    def put(self, request: Request, channel_id: str, body: dict[str, Any]) -> Response:
        items = body["persistent_menu"]
        return Response(menus.set_persistent_menu(channel_id=channel_id, items=items))

    @operation("channels_clear_persistent_menu", "Take the persistent menu away",
               needs=(P.CHANNELS_MANAGE,), status=204, problems=PROBLEMS)  # fmt: skip
    def delete(self, request: Request, channel_id: str) -> Response:
        menus.set_persistent_menu(channel_id=channel_id, items=[])
        return Response(status=204)
