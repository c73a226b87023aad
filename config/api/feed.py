"""The event feed: what happened in a tenant, in order."""

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.fields import Id
from config.api.operations import operation
from config.api.paging import BadParameter, whole
from config.api.serializers import Shown
from config.api.views import ApiView
from kernel.events.feed import last_number, read_feed
from messaging.feed import placed, seen_by
from tenants.access import current_principal
from tenants.permissions import Permission as P

MOST, DEFAULT, FARTHEST = 500, 100, 2**53
ID, AT = "0192f0c1a2b3000000a1b2c3", "2026-03-14T09:26:53.589000Z"
EVENT = {
    "number": 118, "id": ID, "type": "message.received", "actor": {"kind": "system", "id": ""},
    "data": {"message_id": ID, "conversation_id": ID}, "occurred_at": AT,
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
