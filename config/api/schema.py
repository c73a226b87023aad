"""The OpenAPI schema: one generator for every view, problems included."""

import inspect
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from config.api.serializers import Body, Change, Nothing, Shown, Versioned

PROBLEM = {
    "type": "object",
    "description": "Every refusal has this form; `code` is stable, `detail` is for people.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
                "required": ["field", "code"],
            },
        },
        "request_id": {"type": "string"},
    },
    "required": ["type", "title", "status", "code", "detail", "request_id"],
}

KEY_SCHEME = {"type": "http", "scheme": "bearer", "description": "An API key, `sb_live_…`."}
SESSION_SCHEME = {
    "type": "apiKey",
    "in": "header",
    "name": "X-Session-Token",
    "description": "What `/_allauth/app/v1/auth/login` gave; a browser's session cookie works too, "
    "with `X-CSRFToken` on unsafe requests.",
}


class Schema(AutoSchema):
    """Operations are tagged by their resource; components are named after what they show."""

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        return str(super().get_serializer_name(serializer, direction)).replace("Shown", "")

    def get_tags(self) -> list[str]:
        parts = [part for part in self.path.removeprefix("/api/v1").split("/") if part]
        return [parts[0] if parts else "root"]


class PrincipalScheme(OpenApiAuthenticationExtension):
    """A key, or a person's session in the tenant that ``X-Tenant`` names."""

    target_class = "tenants.api.authentication.PrincipalAuthentication"
    name = ["apiKey", "session"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [KEY_SCHEME, SESSION_SCHEME]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        return [{"apiKey": []}, {"session": []}]


class PersonScheme(OpenApiAuthenticationExtension):
    """A person's session, outside any tenant."""

    target_class = "tenants.api.authentication.PersonAuthentication"
    name = "personSession"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return SESSION_SCHEME


def add_problem_responses(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Each operation may answer with a problem document."""
    schemas = result["components"].setdefault("schemas", {})
    for schema in schemas.values():
        _tidy(schema)
    schemas["Problem"] = PROBLEM
    reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
    for operations in result["paths"].values():
        for operation in operations.values():
            if isinstance(operation, dict) and "responses" in operation:
                operation["responses"].setdefault(
                    "default",
                    {
                        "description": "A refusal",
                        "content": {"application/problem+json": reference},
                    },
                )
    return result


def _tidy(schema: dict[str, Any]) -> None:
    """Drop what the generator leaves for itself, and words that are not of this schema but of its base."""
    if schema.get("description") in _BASES:
        del schema["description"]
    for field in schema.get("properties", {}).values():
        field.pop("x-spec-enum-id", None)
        field.get("items", {}).pop("x-spec-enum-id", None)


_BASES = {inspect.getdoc(base) for base in (Body, Nothing, Change, Versioned, Shown)}
