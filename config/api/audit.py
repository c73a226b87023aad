"""The audit log: read by its filters, taken along as a file, verified."""

import json
import re
from datetime import datetime
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.described import alternatives, describe, headers_of, responses_of
from config.api.fields import Id
from config.api.limits import COSTLY
from config.api.operations import NEEDS, operation
from config.api.paging import (
    BadParameter,
    check_parameters,
    page,
    refuse_parameter,
    whole,
    words,
)
from config.api.rendering import moment
from config.api.serializers import Shown, page_of
from config.api.views import ApiView
from kernel import audit
from kernel.audit import checkpoints
from kernel.audit.chain import verify_part
from kernel.audit.entries import list_entries, pages
from kernel.audit.export import FORMATS
from kernel.clock import now
from kernel.models import AuditEntry
from kernel.mongo.transactions import run_transaction
from kernel.scoping import active_tenant_id
from tenants.access import require
from tenants.permissions import Permission as P

ID, AT = "0192f0c1a2b3000000a1b2c3", "2026-03-14T09:26:53.589000Z"
ENTRY = {
    "seq": 42, "id": ID, "action": "conversation.assigned", "actor_kind": "member", "actor_id": ID,
    "user_id": ID, "on_behalf_of": "", "target_type": "conversation", "target_id": ID,
    "changes": {"assignee": [None, ID]}, "reason": "", "ip": "203.0.113.7",
    "request_id": "9f2c51d0a7b34e68", "occurred_at": AT, "hash": "6b86b273…",
}  # fmt: skip
VERIFIED: dict[str, Any] = {
    "holds": True, "after": 0, "through": 118, "head": 118, "next_after": None, "findings": [],
    "checkpoints": {"compared": 3, "last": {"seq": 118, "at": AT}, "public_key": "d75a98…"},
}  # fmt: skip
MOST, DEFAULT, FARTHEST, FINDINGS_SHOWN = 5_000, 2_000, 2**53, 100
_WORD = re.compile(r"[A-Za-z0-9:_.-]{1,64}")
FILTERS = (
    OpenApiParameter("actor", str, description="The id of a member, a key or a member of staff."),
    OpenApiParameter("action", str, description="Such as `message.sent`."),
    OpenApiParameter("target", str, description="The id of what was acted on."),
    OpenApiParameter("since", OpenApiTypes.DATETIME, description="The first moment wanted."),
    OpenApiParameter("until", OpenApiTypes.DATETIME, description="The first moment not wanted."),
)
FORMAT = OpenApiParameter("as", str, enum=list(FORMATS), description="`jsonl` by default.")


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


class FindingShown(Shown):
    seq = serializers.IntegerField()
    problem = serializers.CharField()


class CheckpointShown(Shown):
    seq = serializers.IntegerField()
    at = serializers.DateTimeField()


class CheckpointsShown(Shown):
    compared = serializers.IntegerField(help_text="Signed heads that lie in this part.")
    last = CheckpointShown(allow_null=True, help_text="The newest signed head.")
    public_key = serializers.CharField(help_text="Ed25519, hex: verifies what is signed now.")


class VerifiedShown(Shown):
    holds = serializers.BooleanField()
    after = serializers.IntegerField()
    through = serializers.IntegerField(help_text="The last entry that was judged.")
    head = serializers.IntegerField(help_text="Where the chain ended when the walk began.")
    next_after = serializers.IntegerField(
        allow_null=True, help_text="Ask again with `after` of this; null when nothing is left."
    )
    findings = FindingShown(many=True)
    checkpoints = CheckpointsShown()


def entry_json(entry: AuditEntry) -> dict[str, Any]:
    fields = ("seq", "action", "actor_kind", "actor_id", "user_id", "on_behalf_of", "target_type",
              "target_id", "changes", "reason", "ip", "request_id", "hash")  # fmt: skip
    shown = {name: getattr(entry, name) for name in fields}
    return {**shown, "id": entry.pk, "occurred_at": moment(entry.occurred_at)}


def entries_json(entries: list[AuditEntry]) -> list[dict[str, Any]]:
    return [entry_json(entry) for entry in entries]


def filters_of(request: Request) -> dict[str, Any]:
    """What ``list_entries`` takes, of the request's parameters."""
    given: dict[str, Any] = {n: _word(request, n) for n in ("actor", "action", "target")}
    return given | {"since": _time(request, "since"), "until": _time(request, "until")}


def _word(request: Request, name: str) -> str:
    text = request.query_params.get(name, "")
    if name in request.query_params and not _WORD.fullmatch(text):
        refuse_parameter(name, "1 to 64 letters, digits and :_.-")
    return text


def _time(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        refuse_parameter(name, "a time with its zone, such as 2026-03-14T09:26:53Z")
    return found


class AuditLog(ApiView):
    @operation(
        "audit_log_list", "Read the audit log", needs=(P.AUDIT_READ,), paged=True,
        parameters=FILTERS, gives=page_of(EntryShown), problems=(BadParameter,),
        example={"results": [ENTRY], "next": None},
        about="Who did what to what, the newest first. An entry is listed once it is chained, "
        "moments after the change.",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = list_entries(**filters_of(request))
        return Response(page(request, rows, keys=("-seq",), render=entries_json, scope="audit-log"))


class AuditLogVerify(ApiView):
    @operation(
        "audit_log_verify", "Verify the audit log", needs=(P.AUDIT_READ,), gives=VerifiedShown,
        parameters=(
            OpenApiParameter("after", {"type": "integer", "minimum": 0, "default": 0},
                             description="Walk on from this entry, which is taken for granted."),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST,
                                       "default": DEFAULT}, description="How many at most."),
        ),
        problems=(BadParameter,), example=VERIFIED,
        about="Walks a part of the chain and compares it with the heads that were signed outside "
        "the database every five minutes. A long log is verified part by part: `next_after`. An "
        "entry that was changed, removed, inserted or moved is named; so is a chain that was cut "
        "or written anew, once it was signed.",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        after = whole(request, "after", least=0, most=FARTHEST, default=0)
        limit = whole(request, "limit", least=1, most=MOST, default=DEFAULT)
        return Response(verified_json(after, limit))


def verified_json(after: int, limit: int) -> dict[str, Any]:
    """What a part of the chain and the signed heads within it say of each other."""
    part = verify_part(after=after, most=limit)
    # The last part is compared with what was signed beyond it too: that tells of a tail that was cut.
    through = None if part.is_last else part.through
    signed = list(checkpoints.verify_checkpoints(after=after, through=through))
    findings = [*part.findings, *signed][:FINDINGS_SHOWN]
    last = checkpoints.last_checkpoint()
    return {
        "holds": not findings, "after": after, "through": part.through, "head": part.head,
        "next_after": through,
        "findings": [{"seq": f.seq, "problem": f.problem} for f in findings],
        "checkpoints": {
            "compared": checkpoints.count_checkpoints(after=after, through=through),
            "last": {"seq": last.seq, "at": last.at} if last else None,
            "public_key": checkpoints.public_key(),
        },
    }  # fmt: skip


class AuditLogExport(ApiView):
    """Streamed while it is read, so the log may be of any length."""

    needs = NEEDS["audit_log_export"] = (P.AUDIT_READ, P.EXPORTS_CREATE)

    @extend_schema(
        operation_id="audit_log_export", summary="Take the audit log along",
        description=describe(
            "The chained entries as a file, the oldest first, by the same filters as the list: "
            "JSON Lines with all that the hashes cover, or CSV in which no cell is a formula. "
            "The export is itself an entry.", needs, "", False),
        parameters=[*FILTERS, FORMAT, *headers_of(False, False, True, False)],
        extensions={"x-permissions": alternatives(needs)},
        examples=[OpenApiExample("Answer", value=json.dumps({**ENTRY, "prev": "ca978112…"}) + "\n",
                                 media_type="application/jsonl", response_only=True)],
        responses={(200, kind.split(";")[0]): OpenApiResponse(OpenApiTypes.STR, "The file.")
                   for kind, _ in FORMATS.values()}
        | {status: answer for status, answer in responses_of(
            None, 200, [BadParameter], once=False, in_tenant=True, public=False,
            has_body=False).items() if status != 200},
    )  # fmt: skip
    def get(self, request: Request) -> StreamingHttpResponse:
        require(*self.needs)
        check_parameters(request, [*(p.name for p in FILTERS), FORMAT.name])
        filters = filters_of(request)
        form = (words(request, FORMAT.name, list(FORMATS)) or ["jsonl"])[0]
        asked = {name: [None, value] for name, value in request.query_params.items()}
        run_transaction(lambda: audit.record("audit_log.exported", ("audit_log", ""), asked))
        kind, lines = FORMATS[form]
        rows = list_entries(**filters)
        response = StreamingHttpResponse(lines(pages(active_tenant_id(), rows)), content_type=kind)
        name = f"audit-log-{now():%Y-%m-%d}.{form}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    get.__dict__["rate"] = COSTLY
