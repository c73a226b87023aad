"""The event feed and the audit log: what happened in a tenant, in order."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.fields import Id
from config.api.operations import operation
from config.api.paging import BadParameter, page, whole
from config.api.rendering import moment
from config.api.serializers import Shown, page_of
from config.api.views import ApiView
from kernel.audit.record import list_entries
from kernel.events.feed import last_number, read_feed
from kernel.models import AuditEntry
from messaging.feed import placed, seen_by
from tenants.access import current_principal
from tenants.permissions import Permission as P

MOST, DEFAULT, FARTHEST = 500, 100, 2**53
ID, AT = "0192f0c1a2b3000000a1b2c3", "2026-03-14T09:26:53.589000Z"
EVENT = {
    "number": 118, "id": ID, "type": "message.received", "actor": {"kind": "system", "id": ""},
    "data": {"message_id": ID, "conversation_id": ID}, "occurred_at": AT,
}  # fmt: skip
ENTRY = {
    "seq": 42, "id": ID, "action": "conversation.assigned", "actor_kind": "member", "actor_id": ID,
    "user_id": ID, "on_behalf_of": "", "target_type": "conversation", "target_id": ID,
    "changes": {"assignee": [None, ID]}, "reason": "", "ip": "203.0.113.7",
    "request_id": "9f2c51d0a7b34e68", "occurred_at": AT, "hash": "6b86b273…",
}  # fmt: skip


class EventActorShown(Shown):
    kind = serializers.CharField()
    id = serializers.CharField(allow_blank=True)


class EventShown(Shown):
    number = serializers.IntegerField()
    id = Id()
    type = serializers.CharField()
    data = serializers.DictField()
    actor = EventActorShown()
    occurred_at = serializers.DateTimeField()


class FeedShown(Shown):
    results = EventShown(many=True)
    next_after = serializers.IntegerField(help_text="Ask again with `after` of this.")
    last = serializers.IntegerField(help_text="The newest event's number.")


class EntryShown(Shown):
    seq = serializers.IntegerField()
    id = Id()
    action = serializers.CharField()
    actor_kind = serializers.CharField()
    actor_id = serializers.CharField(allow_blank=True)
    user_id = serializers.CharField(allow_blank=True)
    on_behalf_of = serializers.CharField(allow_blank=True)
    target_type = serializers.CharField()
    target_id = serializers.CharField(allow_blank=True)
    changes = serializers.DictField()
    reason = serializers.CharField(allow_blank=True)
    ip = serializers.CharField(allow_blank=True)
    request_id = serializers.CharField(allow_blank=True)
    occurred_at = serializers.DateTimeField()
    hash = serializers.CharField(help_text="Chains this entry to the one before.")


def entry_json(entry: AuditEntry) -> dict[str, Any]:
    fields = ("seq", "action", "actor_kind", "actor_id", "user_id", "on_behalf_of", "target_type",
              "target_id", "changes", "reason", "ip", "request_id", "hash")  # fmt: skip
    shown = {name: getattr(entry, name) for name in fields}
    return {**shown, "id": entry.pk, "occurred_at": moment(entry.occurred_at)}


def entries_json(entries: list[AuditEntry]) -> list[dict[str, Any]]:
    return [entry_json(entry) for entry in entries]


class Events(ApiView):
    @operation(
        "events_list", "Read the event feed", needs=(P.EVENTS_READ,), gives=FeedShown,
        parameters=(
            OpenApiParameter("after", {"type": "integer", "minimum": 0, "default": 0},
                             description="Only events with a higher number."),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST,
                                       "default": DEFAULT}, description="How many at most."),
        ),
        problems=(BadParameter,), example={"results": [EVENT], "next_after": 118, "last": 118},
        about="Consecutive numbers in the order of commitment: what was read to the end has no "
        "gaps, whenever the reader stopped. Events of conversations that the caller does not see "
        "are left out: a page may have fewer results, or none, before `next_after` reaches `last`. "
        "The stream sends the same events.",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        after = whole(request, "after", least=0, most=FARTHEST, default=0)
        limit = whole(request, "limit", least=1, most=MOST, default=DEFAULT)
        found = read_feed(after=after, limit=limit)
        following = found[-1].number if found else after
        shown = seen_by(current_principal(), placed(found))
        return Response({"results": shown, "next_after": following, "last": last_number()})


class AuditLog(ApiView):
    @operation(
        "audit_log_list", "Read the audit log", needs=(P.AUDIT_READ,), paged=True,
        gives=page_of(EntryShown), problems=(BadParameter,),
        example={"results": [ENTRY], "next": None},
        about="Who did what to what, the newest first. An entry is listed once it is chained, "
        "moments after the change.",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(
            page(request, list_entries(), keys=("-seq",), render=entries_json, scope="audit-log")
        )
