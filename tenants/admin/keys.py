"""API keys by name and use."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from kernel.backoffice import columns
from kernel.backoffice.base import BackofficeAdmin
from kernel.backoffice.steps import Step
from tenants.models import ApiKey
from tenants.services.api_keys import revoke_api_key

CREATED = columns.moment("created_at", "Created")


@columns.named("Permissions")
def scopes(key: ApiKey) -> Any:
    return columns.joined(key.scopes)


@columns.named("Only from")
def networks(key: ApiKey) -> Any:
    return columns.joined(key.cidrs)


@columns.named("State")
def key_state(key: ApiKey) -> Any:
    if key.revoked_at:
        return columns.badge("revoked")
    if key.has_ended:
        return columns.badge("expired")
    return columns.badge("rotating" if key.is_rotating else "active")


@columns.named("Keeps to channels")
def kept_to(key: ApiKey) -> Any:
    return columns.joined(key.channel_ids)


def _revoke_key(request: HttpRequest, key: ApiKey, reason: str) -> str:
    revoke_api_key(key_id=key.pk)
    return f"{key.name} opens nothing any more."


def _key_is_open(request: HttpRequest, key: ApiKey) -> bool:
    return key.revoked_at is None


@admin.register(ApiKey)
class ApiKeyAdmin(BackofficeAdmin):
    """Keys by name and use; neither the secret nor its digest is shown."""

    one, many = "API key", "API keys"
    list_display = ("name", key_state, columns.linked("created_by", "Made by"), CREATED,
                    columns.moment("last_used_at", "Last used"))  # fmt: skip
    facts = ("name", key_state, "id", columns.linked("created_by", "Made by"), scopes, networks, kept_to, CREATED,
             columns.moment("ends_at", "Expires"), columns.moment("revoked_at", "Revoked"),
             columns.moment("previous_until", "Secret before the rotation holds until"),
             columns.moment("last_used_at", "Last used"), "last_used_ip")  # fmt: skip

    steps = (
        Step(name="revoke", label="Revoke", run=_revoke_key, when=_key_is_open, icon="key_off", reason=True,
             danger=True, bulk=True, question="Whoever uses it is refused from the next request. It cannot "
             "be taken back: the tenant makes a new key."),
    )  # fmt: skip

    def title_of(self, row: ApiKey) -> str:
        return row.name

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        rows: QuerySet[ApiKey] = super().get_queryset(request)
        return rows.prefetch_related("created_by")
