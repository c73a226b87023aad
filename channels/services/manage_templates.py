"""Templates made, changed and deleted through us: checked, then asked of the provider, then recorded.

The provider's answer comes before the record. What it took without our hearing of it is found by the
next look at the account.
"""

from datetime import datetime, timedelta
from typing import Any

from channels.errors import TemplateExists, TemplateNotEditable, TemplatesUnsupported
from channels.events import TemplateChanged
from channels.models import Channel, MessageTemplate
from channels.providers import provider_for
from channels.providers.abilities import TemplateClient, TemplateProvider
from channels.providers.contract import InvalidMessage
from channels.selectors import channels_of_account, client_of, get_channel, get_template
from channels.services import template_history as history
from channels.services.template_asking import answered, invalid
from channels.services.template_files import with_uploads
from channels.services.template_lane import schedule
from channels.services.templates import DELETED, PAUSED, Synced, sync_account
from kernel import audit
from kernel.clock import now
from kernel.events import emit
from kernel.mongo.transactions import run_transaction
from tenants.access import require
from tenants.permissions import Permission

EDITABLE = ("APPROVED", "REJECTED", PAUSED)
PENDING = "PENDING"
BETWEEN_EDITS = timedelta(days=1)
Json = dict[str, Any]


def create_template(
    *, channel_id: str, name: str, language: str, category: str, components: list[Json],
    parameter_format: str = "POSITIONAL",
) -> MessageTemplate:  # fmt: skip
    """Submit a template for review; it is there for every number of the account.

    A header's example may name an upload of the tenant by its ``media_id``; what is kept, as the
    provider does, is the handle. Raises ``InvalidTemplate`` for what the provider would not even
    review, ``TemplateExists``, ``TemplateFileNotFound``, ``TemplateRefused`` with the provider's reason.
    """
    require(Permission.TEMPLATES_MANAGE)
    channel = get_channel(channel_id)
    provider, client = _provider(channel), _client(channel)
    body = {"name": name, "language": language, "category": category, "components": components,
            "parameter_format": parameter_format}  # fmt: skip
    _check(provider, body)
    known = MessageTemplate.objects.filter(channel=channel, name=name, language=language).first()
    if known is not None and known.status != DELETED:
        raise TemplateExists(f"{name} in {language} is {known.status}")
    body["components"] = with_uploads(provider, client, components)
    made = answered(client.create_template(body))
    columns = {"external_id": str(made["id"]), "status": str(made.get("status") or PENDING),
               "category": str(made.get("category") or category), "components": body["components"],
               "parameter_format": parameter_format}  # fmt: skip
    run_transaction(lambda: _created(channel, name, language, columns))
    schedule(channel)
    return MessageTemplate.objects.get(channel=channel, name=name, language=language)


def _created(channel: Channel, name: str, language: str, columns: Json) -> None:
    rows = []
    for number in channels_of_account(channel):
        named = {"channel": number, "name": name, "language": language}
        row = MessageTemplate.objects.filter(**named).first() or MessageTemplate(**named)
        for column, value in {**columns, "reason": "", "quality": "", "synced_at": now()}.items():
            setattr(row, column, value)
        history.note(row, "created", row.status)
        row.save()
        audit.record("template.created", row, {"status": [None, row.status]})
        rows.append(row)
    _tell(rows, "created", columns["status"], "")


def edit_template(
    *, channel_id: str, template_id: str, components: list[Json] | None = None, category: str = ""
) -> MessageTemplate:
    """Submit new components or another category; the template is reviewed again.

    Raises ``TemplateNotEditable`` while its status or the provider's limit forbids it.
    """
    require(Permission.TEMPLATES_MANAGE)
    channel = get_channel(channel_id)
    row, provider, client = get_template(channel, template_id), _provider(channel), _client(channel)
    _demand_editable(row)
    wanted: Json = {
        "category": category or row.category,
        "components": components or row.components,
    }
    _check(provider, {"name": row.name, "language": row.language, **wanted,
                      "parameter_format": row.parameter_format})  # fmt: skip
    wanted["components"] = with_uploads(provider, client, wanted["components"])
    changes = {name: value for name, value in wanted.items() if value != getattr(row, name)}
    if changes:
        answered(client.edit_template(row.external_id, changes))
        run_transaction(lambda: _edited(channel, row, changes))
        schedule(channel)
    return get_template(channel, template_id)


def _demand_editable(row: MessageTemplate) -> None:
    if row.status not in EDITABLE:
        raise TemplateNotEditable(f"it is {row.status}")
    edits = [entry["at"] for entry in row.history if entry["what"] == "edited"]
    if row.status == "APPROVED" and edits:
        again = datetime.fromisoformat(max(edits)) + BETWEEN_EDITS
        if again > now():
            raise TemplateNotEditable("an approved template is edited once a day",
                                      retry_after_s=int((again - now()).total_seconds()))  # fmt: skip


def _edited(channel: Channel, edited: MessageTemplate, changes: Json) -> None:
    rows = _same(channel, edited)
    for row in rows:
        before = {name: getattr(row, name) for name in ("category", "status")}
        for column, value in {**changes, "status": PENDING, "paused_until": None}.items():
            setattr(row, column, value)
        history.note(row, "edited", ", ".join(sorted(changes)))
        row.synced_at = now()
        row.save()
        audit.record("template.edited", row, {
            name: [before.get(name), getattr(row, name)] if name != "components" else None
            for name in (*changes, "status")
        })  # fmt: skip
    _tell(rows, "edited", PENDING, edited.status)


def delete_template(*, channel_id: str, template_id: str) -> None:
    """Delete one language of a template at the provider; its row stays, marked as deleted."""
    require(Permission.TEMPLATES_MANAGE)
    channel = get_channel(channel_id)
    row = get_template(channel, template_id)
    if row.status != DELETED:
        answered(_client(channel).delete_template(row.name, row.external_id))
        run_transaction(lambda: _moved(channel, row, DELETED, "template.deleted"))


def unpause_template(*, channel_id: str, template_id: str) -> MessageTemplate:
    """End a pause for low quality before its time. Raises ``TemplateNotEditable`` for any other status."""
    require(Permission.TEMPLATES_MANAGE)
    channel = get_channel(channel_id)
    row = get_template(channel, template_id)
    if row.status != PAUSED:
        raise TemplateNotEditable(f"it is {row.status}, not {PAUSED}")
    answered(_client(channel).unpause_template(row.external_id))
    run_transaction(lambda: _moved(channel, row, "APPROVED", "template.unpaused"))
    return get_template(channel, template_id)


def sync_now(*, channel_id: str) -> Synced:
    """Read the account's templates now; says how many, how many were unreadable, what was different."""
    require(Permission.TEMPLATES_MANAGE)
    channel = get_channel(channel_id)
    _client(channel)
    found: Synced = answered(sync_account(channel, client_of(channel)))
    schedule(channel)
    return found


def _moved(channel: Channel, moved: MessageTemplate, status: str, action: str) -> None:
    rows = _same(channel, moved)
    for row in rows:
        before, row.status, row.paused_until = row.status, status, None
        history.note(row, "status", status, before)
        row.synced_at = now()
        row.save()
        audit.record(action, row, {"status": [before, status]})
    _tell(rows, "status", status, moved.status)


def _same(channel: Channel, row: MessageTemplate) -> list[MessageTemplate]:
    """The template's rows on all numbers of the account."""
    numbers = [number.pk for number in channels_of_account(channel)]
    named = {"name": row.name, "language": row.language}
    return list(MessageTemplate.objects.filter(channel__in=numbers, **named))


def _tell(rows: list[MessageTemplate], what: str, value: str, previous: str) -> None:
    if rows:
        one = rows[0]
        emit(TemplateChanged(
            channel_ids=tuple(sorted(row.channel_id for row in rows)),
            template_ids=tuple(row.pk for row in rows), what=what, name=one.name,
            language=one.language, external_id=one.external_id, value=value, previous=previous,
        ))  # fmt: skip


# ------------------------------------------------------------------------- asking the provider


def _client(channel: Channel) -> TemplateClient:
    client = client_of(channel)
    if not isinstance(client, TemplateClient):
        raise TemplatesUnsupported(f"{channel.kind} has none")
    return client


def _provider(channel: Channel) -> TemplateProvider:
    provider = provider_for(channel.kind)
    if not isinstance(provider, TemplateProvider):
        raise TemplatesUnsupported(f"{channel.kind} has none")
    return provider


def _check(provider: TemplateProvider, template: Json) -> None:
    try:
        provider.validate_template(**template)
    except InvalidMessage as error:
        raise invalid(error) from error
