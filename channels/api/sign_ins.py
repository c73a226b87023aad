"""Signing in at the provider, and connecting what that gave access to."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from channels import errors
from channels.api import examples
from channels.api.representations import channel_json, sign_in_json
from channels.api.serializers import KINDS, ChannelShown, Digits, ExternalShown
from channels.services.signin import (
    begin_instagram,
    complete_instagram,
    complete_whatsapp,
    connect_signed_in,
)
from config.api.fields import Choice, Id, Text
from config.api.operations import operation
from config.api.rendering import moment
from config.api.serializers import Body, Shown
from config.api.views import ApiView
from tenants.errors import LimitReached
from tenants.permissions import Permission as P

NEEDS = (P.CHANNELS_MANAGE, P.CHANNELS_CREDENTIALS)
PROVIDER = (errors.SignInRefused, errors.CredentialsRefused, errors.ProviderUnavailable,
            errors.AppNotConfigured)  # fmt: skip


class NewSignIn(Body):
    login = Choice(
        choices=["instagram", "facebook"],
        help_text="By the account itself, or by the Facebook Page that it is linked to.",
    )


class SignInAnswer(Body):
    """What the dialog sent back."""

    state = Text(max_length=1000)
    code = Text(max_length=2000)


class SignUp(Body):
    """What the popup of the embedded sign-up gave."""

    code = Text(max_length=2000)
    waba_id = Digits(required=False)
    phone_number_id = Digits(required=False)


class Chosen(Body):
    account_id = Digits()
    pin = serializers.RegexField(
        r"^[0-9]{6}\Z", required=False, trim_whitespace=False,
        help_text="The number's two-step code; for one that has none it is set.",
    )  # fmt: skip
    name = Text(required=False, max_length=120, allow_blank=True)


class SignInBegun(Shown):
    url = serializers.CharField(help_text="Where the owner consents.")
    state = serializers.CharField()
    expires_at = serializers.DateTimeField()


class AccountFound(Shown):
    id = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    ready = serializers.BooleanField(help_text="False: connecting it needs a PIN.")
    external = ExternalShown()


class SignInShown(Shown):
    id = Id()
    kind = serializers.ChoiceField(choices=KINDS)
    accounts = AccountFound(many=True)
    expires_at = serializers.DateTimeField()


class Instagram(ApiView):
    @operation(
        "channels_sign_in_instagram", "Begin signing in to Instagram", needs=NEEDS,
        takes=NewSignIn, gives=SignInBegun, problems=(errors.AppNotConfigured,),
        asks={"login": "instagram"}, example=examples.SIGN_IN_BEGUN,
        about="Send the owner to `url`; the dialog comes back with `code` and this `state`, which "
        "serves only who began, in this tenant, for half an hour.",
    )  # fmt: skip
    def post(self, request: Request, body: dict[str, str]) -> Response:
        begun = begin_instagram(**body)
        expires_at = moment(begun.expires_at)
        return Response({"url": begun.url, "state": begun.state, "expires_at": expires_at})


class InstagramComplete(ApiView):
    @operation(
        "channels_sign_in_instagram_complete", "Complete signing in to Instagram", needs=NEEDS,
        takes=SignInAnswer, gives=SignInShown, status=201,
        problems=(*PROVIDER, errors.StateInvalid),
        asks={"state": "eyJ0Ijoi…", "code": "AQB…#_"}, example=examples.SIGN_IN,
        about="Exchanges the code; its accounts can be connected for an hour.",
    )  # fmt: skip
    def post(self, request: Request, body: dict[str, str]) -> Response:
        return Response(sign_in_json(complete_instagram(**body)), status=201)


class WhatsApp(ApiView):
    @operation(
        "channels_sign_in_whatsapp", "Complete WhatsApp's embedded sign-up", needs=NEEDS,
        takes=SignUp, gives=SignInShown, status=201, problems=PROVIDER,
        asks=examples.SIGN_UP, example={**examples.SIGN_IN, "kind": "whatsapp"},
        about="Exchanges the popup's code, which lives half a minute. The ids that the popup gave "
        "narrow the numbers down; without them all that were granted are listed.",
    )  # fmt: skip
    def post(self, request: Request, body: dict[str, str]) -> Response:
        return Response(sign_in_json(complete_whatsapp(**body)), status=201)


class Connect(ApiView):
    @operation(
        "channels_sign_in_connect", "Connect an account that was signed in to", needs=NEEDS,
        fresh=True, takes=Chosen, gives=ChannelShown, status=201,
        problems=(*PROVIDER, errors.SignInNotFound, errors.PinNeeded, errors.ChannelTaken,
                  errors.AccountTaken, LimitReached),
        asks={"account_id": "17841400000000011"}, example=examples.CHANNEL,
        about="A channel that the tenant has on the account already keeps its id, its queue and its "
        "conversations, and goes on with the new token.",
    )  # fmt: skip
    def post(self, request: Request, sign_in_id: str, body: dict[str, str]) -> Response:
        return Response(channel_json(connect_signed_in(sign_in_id=sign_in_id, **body)), status=201)
