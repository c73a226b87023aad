"""API keys: listed, made, rotated, revoked."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from config.api.operations import operation
from config.api.paging import page
from config.api.serializers import page_of
from config.api.views import ApiView
from tenants import errors
from tenants.api import examples
from tenants.api import serializers as shapes
from tenants.api.representations import api_key_json, api_keys_json
from tenants.permissions import Permission as P
from tenants.selectors import get_api_key, list_api_keys
from tenants.services.api_keys import create_api_key, revoke_api_key, rotate_api_key


class ApiKeys(ApiView):
    @operation("api_keys_list", "List API keys", needs=(P.API_KEYS_MANAGE,), paged=True,
               gives=page_of(shapes.ApiKeyShown), example=examples.page(examples.KEY))  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(
            page(request, list_api_keys(), keys=("-id",), render=api_keys_json, scope="api-keys")
        )

    @operation(
        "api_keys_create", "Create an API key", needs=(P.API_KEYS_MANAGE,), takes=shapes.NewApiKey,
        gives=shapes.NewApiKeyShown, status=201, secret=("key",), fresh=True,
        problems=(errors.ScopeTooWide, errors.InvalidFields),
        asks={"name": "CRM sync", "scopes": ["contacts:read"]},
        example={**examples.KEY, "key": "sb_live_0192f0c1a2b3000000a1b2c3_…"},
        about="`key` is in this answer and never again. Members make keys, keys do not.",
    )  # fmt: skip
    def post(self, request: Request, body: dict[str, Any]) -> Response:
        key, text = create_api_key(**body)
        return Response({**api_key_json(key), "key": text}, status=201)


class OneApiKey(ApiView):
    @operation("api_keys_get", "Read an API key", needs=(P.API_KEYS_MANAGE,),
               gives=shapes.ApiKeyShown, problems=(errors.ApiKeyNotFound,),
               example=examples.KEY)  # fmt: skip
    def get(self, request: Request, key_id: str) -> Response:
        return Response(api_key_json(get_api_key(key_id)))

    @operation("api_keys_revoke", "Revoke an API key", needs=(P.API_KEYS_MANAGE,), status=204,
               problems=(errors.ApiKeyNotFound,),
               about="The key's next request is refused.")  # fmt: skip
    def delete(self, request: Request, key_id: str) -> Response:
        revoke_api_key(key_id=key_id)
        return Response(status=204)


class Rotate(ApiView):
    @operation(
        "api_keys_rotate", "Rotate an API key", needs=(P.API_KEYS_MANAGE,), takes=shapes.KeyRotation,
        gives=shapes.NewApiKeyShown, secret=("key",), fresh=True,
        problems=(errors.ApiKeyNotFound, errors.ApiKeyEnded, errors.RotationOpen,
                  errors.ScopeTooWide, errors.InvalidFields),
        asks={"overlap_s": 3600},
        example={**examples.KEY, "previous_until": examples.AT,
                 "key": "sb_live_0192f0c1a2b3000000a1b2c3_…"},
        about="A new secret under the same id; the one before holds until `previous_until`. One "
        "rotation at a time. The key is the caller's from then on, who must hold its scopes.",
    )  # fmt: skip
    def post(self, request: Request, key_id: str, body: dict[str, Any]) -> Response:
        key, text = rotate_api_key(key_id=key_id, **body)
        return Response({**api_key_json(key), "key": text})
