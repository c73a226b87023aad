"""Templates as the provider has them, kept here so that a send is checked before any call."""

from typing import Any

import structlog

from channels.models import Channel, MessageTemplate
from channels.providers.contract import Client
from channels.services.template_changes import take_waiting
from kernel.clock import now
from kernel.mongo.transactions import run_transaction

log = structlog.get_logger(agentName="channel")


def sync_templates(*, channel: Channel, client: Client) -> int:
    """Read all templates of the channel's account; returns how many. One bad entry does not stop the rest."""
    answer = client.templates()
    if not isinstance(answer, list):
        log.warning("templates.unread", channel_id=channel.pk, outcome=type(answer).__name__)
        return 0
    kept = [template for entry in answer if (template := _keep(channel, entry))]
    run_transaction(lambda: take_waiting(channel, kept))
    return len(kept)


def _keep(channel: Channel, entry: Any) -> MessageTemplate | None:
    if not isinstance(entry, dict) or not entry.get("name") or not entry.get("language"):
        log.warning("template.unreadable", channel_id=channel.pk)
        return None
    template, _ = MessageTemplate.objects.update_or_create(
        channel=channel,
        name=str(entry["name"]),
        language=str(entry["language"]),
        defaults={
            "external_id": str(entry.get("id", "")),
            "category": str(entry.get("category", "")),
            "status": str(entry.get("status", "")),
            "parameter_format": str(entry.get("parameter_format") or "POSITIONAL"),
            "components": entry.get("components") or [],
            "synced_at": now(),
        },
    )
    return template
