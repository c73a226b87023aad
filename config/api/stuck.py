"""A tenant's work for the installation's staff: why it is stuck, item by item, and the way back."""

from collections import Counter
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.fields import Choice, Id, Text
from config.api.operations import operation
from config.api.paging import BadParameter, page, refuse_parameter, words
from config.api.rendering import moment
from config.api.serializers import Shown, all_of, page_of
from kernel.actor import because
from kernel.backoffice import overview
from kernel.backoffice.recovery import (
    MOST_AT_ONCE,
    NotRecoverable,
    WorkItemNotFound,
    discard_item,
    replay_all,
    replay_item,
)
from kernel.backoffice.work import kind_of
from kernel.models import WorkItem
from tenants.api.impersonations import STAFF
from tenants.api.operators import PROBLEMS, OperatorView
from tenants.api.serializers import Because
from tenants.services.support import note_view
from tenants.staff import entering

Json = dict[str, Any]
ID, AT = "0192f0c1a2b3000000a1b2c3", "2026-03-14T09:26:53.589Z"
AGAIN = (
    "What took effect before is recognised, with one exception: a send whose `outcome` is `unknown` may have reached "
    "the customer, and goes out again. Read the attempts of its message first."
)
STATES = [state for state, _ in WorkItem.STATES]
STUCK = [WorkItem.DEAD, WorkItem.PARKED]
COLLECTION = OpenApiParameter(
    "collection", str, required=True, description="Where this kind of work is kept."
)
STATE = OpenApiParameter("state", str, description=f"One or several of {', '.join(STATES)}, by comma; by default "
                         "what is dead or parked.")  # fmt: skip
CAUSE = {"collection": "deliveries", "state": "dead", "cause": "KeyError", "count": 3, "is_at_least": False,
         "since": AT}  # fmt: skip
ITEM = {
    "id": ID, "collection": "deliveries", "state": "dead", "reason": "KeyError", "last_error": "KeyError: 'from'", "outcome": "",
    "attempts": 5, "lane": f"{ID}:{ID}", "due_at": AT, "created_at": AT, "finished_at": AT,
}  # fmt: skip


class CauseShown(Shown):
    collection = serializers.CharField()
    state = serializers.ChoiceField(choices=STUCK)
    cause = serializers.CharField(allow_blank=True)
    count = serializers.IntegerField()
    is_at_least = serializers.BooleanField(
        help_text="There may be more: only the newest are counted."
    )
    since = serializers.DateTimeField(help_text="When the oldest of them was made.")


class WorkItemShown(Shown):
    id = Id()
    collection = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    reason = serializers.CharField(allow_blank=True)
    last_error = serializers.CharField(allow_blank=True)
    outcome = serializers.CharField(
        allow_blank=True, help_text="Of a delivery: what is known of the send."
    )
    attempts = serializers.IntegerField()
    lane = serializers.CharField(help_text="What must happen in order shares a lane.")
    due_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class OfOneCause(Because):
    collection = Text(max_length=60)
    state = Choice(STUCK)
    cause = Text(max_length=120, allow_blank=True, help_text="As the list of causes names it.")


class ReplayedShown(Shown):
    replayed = serializers.IntegerField(help_text="So many are ready again, each in its place.")
    is_all = serializers.BooleanField(
        help_text=f"false: {MOST_AT_ONCE:,} at once are the most. Ask again."
    )


class Causes(OperatorView):
    @operation(
        "stuck_work_list", "Read why work of a tenant is stuck", who=STAFF, in_tenant=False,
        gives=all_of(CauseShown), problems=PROBLEMS, example={"results": [CAUSE]},
        about="The most frequent cause first.",
    )  # fmt: skip
    def get(self, request: Request, tenant_id: str) -> Response:
        with entering(request, tenant_id):
            note_view("work")
            return Response({"results": _causes_json(overview.causes())})


class Items(OperatorView):
    @operation(
        "work_items_list", "List a tenant's items of work", who=STAFF, in_tenant=False, paged=True,
        parameters=(COLLECTION, STATE), gives=page_of(WorkItemShown), problems=(*PROBLEMS, BadParameter),
        example={"results": [ITEM], "next": None}, about="The newest first.",
    )  # fmt: skip
    def get(self, request: Request, tenant_id: str) -> Response:
        with entering(request, tenant_id):
            model = _models().get(request.query_params.get("collection", ""))
            if model is None:
                refuse_parameter("collection", f"one of {', '.join(sorted(_models()))}")
            states = words(request, "state", STATES) or STUCK
            note_view(str(model._meta.model_name))
            rows = model.objects.filter(state__in=states).only(*_kept_small(model))
            return Response(
                page(request, rows, keys=("-id",), render=_items_json, scope="work-items")
            )


class ReplayAll(OperatorView):
    @operation(
        "work_items_replay_all", "Bring all work back that one cause stopped", who=STAFF, in_tenant=False,
        takes=OfOneCause, gives=ReplayedShown, problems=(*PROBLEMS, WorkItemNotFound),
        asks={"collection": "deliveries", "state": "dead", "cause": "KeyError", "reason": "The fix is deployed"},
        example={"replayed": 3, "is_all": True},
        about=f"The oldest first, each in its place in its lane. {AGAIN}",
    )  # fmt: skip
    def post(self, request: Request, tenant_id: str, body: Json) -> Response:
        with entering(request, tenant_id), because(body["reason"]):
            model = _models().get(body["collection"])
            if model is None:
                raise WorkItemNotFound("there is no such collection of work")
            count = replay_all(
                kind=kind_of(model), model=model, state=body["state"], cause=body["cause"]
            )
            return Response({"replayed": count, "is_all": count < MOST_AT_ONCE})


class Replay(OperatorView):
    @operation(
        "work_items_replay", "Bring an item of work back", who=STAFF, in_tenant=False, takes=Because,
        gives=WorkItemShown, problems=(*PROBLEMS, WorkItemNotFound, NotRecoverable),
        asks={"reason": "The fix is deployed"}, example={**ITEM, "state": "ready"},
        about=f"A dead or parked one: it is done again, in its place. {AGAIN}",
    )  # fmt: skip
    def post(self, request: Request, tenant_id: str, item_id: str, body: Json) -> Response:
        with entering(request, tenant_id), because(body["reason"]):
            item = _item(item_id)
            replay_item(kind=kind_of(type(item)), item=item, reason=body["reason"])
            return Response(_item_json(_item(item_id)))


class Discard(OperatorView):
    @operation(
        "work_items_discard", "Give an item of work up", who=STAFF, in_tenant=False, takes=Because,
        gives=WorkItemShown, problems=(*PROBLEMS, WorkItemNotFound, NotRecoverable),
        asks={"reason": "The customer wrote again"},
        example={**ITEM, "state": "done", "reason": "discarded: The customer wrote again"},
        about="A dead one: it will never be done, and stays in the list with your reason.",
    )  # fmt: skip
    def post(self, request: Request, tenant_id: str, item_id: str, body: Json) -> Response:
        with entering(request, tenant_id), because(body["reason"]):
            discard_item(item=_item(item_id), reason=body["reason"])
            return Response(_item_json(_item(item_id)))


def _kept_small(model: overview.Model) -> list[str]:
    """The columns that are shown: bodies and what else is large stay where they are."""
    wanted = ITEM.keys() - {"collection"}
    return [field.name for field in model._meta.concrete_fields if field.name in wanted]


def _models() -> dict[str, overview.Model]:
    return {model._meta.db_table: model for model in overview.work_models()}


def _item(item_id: str) -> WorkItem:
    """Of whatever collection: no two have an id in common."""
    found = (model.objects.filter(pk=item_id).first() for model in overview.work_models())
    item = next((item for item in found if item is not None), None)
    if item is None:
        raise WorkItemNotFound
    return item


def _causes_json(causes: list[overview.Cause]) -> list[Json]:
    """Of a collection and a state the newest alone are counted, whatever their causes."""
    counted: Counter[tuple[overview.Model, str]] = Counter()
    for cause in causes:
        counted[cause.model, cause.state] += cause.count
    return [_cause_json(c, is_at_least=counted[c.model, c.state] >= overview.MOST) for c in causes]


def _cause_json(cause: overview.Cause, *, is_at_least: bool) -> Json:
    return {
        "collection": cause.model._meta.db_table,
        "state": cause.state,
        "cause": cause.reason,
        "count": cause.count,
        "is_at_least": is_at_least,
        "since": moment(cause.since),
    }


def _item_json(item: WorkItem) -> Json:
    return {
        "id": item.pk,
        "collection": item._meta.db_table,
        "state": item.state,
        "reason": item.reason,
        "last_error": item.last_error,
        "outcome": getattr(item, "outcome", ""),
        "attempts": item.attempts,
        "lane": item.lane,
        "due_at": moment(item.due_at),
        "created_at": moment(item.created_at),
        "finished_at": moment(item.finished_at),
    }


def _items_json(items: list[WorkItem]) -> list[Json]:
    return [_item_json(item) for item in items]
