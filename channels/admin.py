"""Pages of connected accounts: how they are doing, and the button that asks the provider."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html

from channels.models import Channel, ChannelAlert, MessageTemplate
from channels.services import connect, health
from channels.services.template_history import author_of
from kernel.backoffice import columns
from kernel.backoffice.base import BackofficeAdmin
from kernel.backoffice.panels import panel
from kernel.backoffice.steps import Step
from kernel.backoffice.work import CREATED, DISCARD, STATE, WHY, WorkAdmin, replay_step

STATUS = columns.state("status", "Status")
TEMPLATES_SHOWN = 100


def _test(request: HttpRequest, channel: Channel, reason: str) -> str:
    _, checks = health.test_channel(channel_id=channel.pk)
    failed = [check.sentence for check in checks if not check.ok]
    return f"Tested: {failed[0]}" if failed else f"Tested: all {len(checks)} checks passed."


def _pause(request: HttpRequest, channel: Channel, reason: str) -> str:
    connect.pause_channel(channel_id=channel.pk)
    return f"{channel.name} is paused; its sends wait."


def _resume(request: HttpRequest, channel: Channel, reason: str) -> str:
    connect.resume_channel(channel_id=channel.pk)
    return f"{channel.name} sends again, what waited first."


def _disconnect(request: HttpRequest, channel: Channel, reason: str) -> str:
    connect.remove_channel(channel_id=channel.pk)
    return f"{channel.name} is disconnected; its conversations stay."


def _connected(request: HttpRequest, channel: Channel) -> bool:
    return channel.status != Channel.REMOVED


def _sends(request: HttpRequest, channel: Channel) -> bool:
    return channel.sends


def _paused(request: HttpRequest, channel: Channel) -> bool:
    return channel.status == Channel.PAUSED


@columns.named("Provider's ids")
def external(channel: Channel) -> Any:
    return columns.pretty(channel.external)


@columns.named("Last test")
def last_test(channel: Channel) -> Any:
    """When the provider was last asked, and how many of the checks failed."""
    checks = (channel.health or {}).get("checks", [])
    failed = sum(not check.get("ok") for check in checks)
    if not checks:
        return columns.NOTHING
    text = f"{failed} of {len(checks)} failed" if failed else f"{len(checks)} passed"
    at = columns.time_of(channel.health_at)
    return format_html("{} {}", columns.badge(text, "bad" if failed else "ok"), at)


@admin.register(Channel)
class ChannelAdmin(BackofficeAdmin):
    """Accounts, those removed included. Credentials have no page."""

    one, many = "Channel", "Channels"
    list_display = ("name", "kind", STATUS, columns.short("status_reason", "Why"), last_test,
                    columns.moment("last_inbound_at", "Last inbound"),
                    columns.moment("last_outbound_at", "Last outbound"))  # fmt: skip
    facts = ("name", "kind", STATUS, "status_reason", columns.moment("status_at", "Since"), "id",
             "sends_per_second", columns.moment("last_inbound_at", "Last inbound"),
             columns.moment("last_outbound_at", "Last outbound"), columns.moment("created_at", "Connected"),
             external)  # fmt: skip
    steps = (
        Step(name="test", label="Test now", run=_test, when=_connected, icon="network_check", at_once=True,
             question="The provider is asked now; the report is kept with the channel."),
        Step(name="pause", label="Pause", run=_pause, when=_sends, icon="pause", reason=True, danger=True,
             question="Its sends wait until it is resumed; what customers write still comes in."),
        Step(name="resume", label="Resume", run=_resume, when=_paused, icon="play_arrow", reason=True,
             question="It sends again, what waited first."),
        Step(name="disconnect", label="Disconnect", run=_disconnect, when=_connected, icon="link_off",
             reason=True, danger=True, question="Its webhooks end, its token is forgotten and its address "
             "is free for others. Its conversations stay. Only the tenant can connect it again."),
    )  # fmt: skip

    def title_of(self, row: Channel) -> str:
        return row.name


@panel(Channel, "Health", "admin/backoffice/health.html")
def _health(request: HttpRequest, channel: Channel) -> dict[str, Any]:
    report = channel.health or {}
    return {"at": channel.health_at and columns.time_of(channel.health_at), "checks": report.get("checks", []),
            "account": columns.pretty(report["account"]) if report.get("account") else ""}  # fmt: skip


@panel(Channel, "News")
def _news(request: HttpRequest, channel: Channel) -> dict[str, Any] | None:
    shown = [(_when(n["at"]), columns.badge(n["severity"]), n["topic"], n["sentence"])
             for n in reversed(channel.notices)]  # fmt: skip
    return columns.table(("When", "Severity", "About", "News"), shown) if shown else None


def _when(at: str | None) -> Any:
    return columns.time_of(datetime.fromisoformat(at)) if at else ""


@panel(Channel, "Templates")
def _templates(request: HttpRequest, channel: Channel) -> dict[str, Any] | None:
    rows = MessageTemplate.objects.filter(channel=channel).order_by("name", "language")[
        :TEMPLATES_SHOWN
    ]
    shown = [(t.name, t.language, t.category, columns.badge(t.status), t.quality, _last_change(t))
             for t in rows]  # fmt: skip
    headings = ("Name", "Language", "Category", "Status", "Quality", "Last change")
    return columns.table(headings, shown) if shown else None


def _last_change(template: MessageTemplate) -> str:
    if not template.history:
        return ""
    entry = template.history[-1]
    return f"{entry['what']} {entry['value']} by {author_of(entry)['kind']}"


@admin.register(ChannelAlert)
class ChannelAlertAdmin(WorkAdmin):
    """Mails to owners of what concerns a channel."""

    one, many, kind = "Alert", "Alerts", "alert"
    list_display = (columns.short("sentence", "Alert"), "topic", STATE, WHY, "attempts", CREATED)
    facts = ("sentence", "topic", "channel_id", *WorkAdmin.work_facts)
    steps = (replay_step("alert"), DISCARD)
