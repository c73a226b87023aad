"""The door of the Graph API: ledger, faults, handler, headers."""

from __future__ import annotations

import json
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from channels.simulator.meta.errors import GraphError, trace_id
from channels.simulator.meta.faults import FaultyAnswer, take_fault
from channels.simulator.meta.graph.call import Answer, Call, bearer, read_call
from channels.simulator.meta.graph.routes import handle
from channels.simulator.meta.records import Json
from channels.simulator.meta.simulator import Simulator

BUSINESS_CODES = {"whatsapp": 80007, "instagram": 80002, "messenger": 80006}
REGAIN_MINUTES = 7


async def graph_endpoint(request: Request) -> Any:
    """Answer any Graph call; a fault that was asked for is acted out on the way."""
    sim: Simulator = request.app.state.simulator
    started = time.perf_counter()
    call = await read_call(sim, request)
    kind = str(call.entry.get("type", ""))
    fault = take_fault(sim.state.faults, request.url.path, call.node, kind, call.body)
    call.fault = fault
    is_carried_out = fault is None or fault.accepted or fault.is_late
    if fault is not None and not is_carried_out and fault.kind == "answer":
        answer = _refusal(call, fault.error())
    elif is_carried_out:
        answer = await _run(call)
    else:
        answer = Answer({}, status=0)
    call.entry["status"] = answer.status or None
    call.entry["ms"] = round((time.perf_counter() - started) * 1000, 2)
    if fault is not None:
        call.entry["fault"] = fault.kind
        if fault.kind == "answer" and fault.accepted and not fault.is_late:
            return _response(call, _refusal(call, fault.error()))
        if fault.kind != "answer":
            return FaultyAnswer(fault, answer.status or 200, answer.content())
    return _response(call, answer)


async def _run(call: Call) -> Answer:
    try:
        _check_allowance(call)
        return await handle(call)
    except GraphError as error:
        return _refusal(call, error)


def _refusal(call: Call, error: GraphError) -> Answer:
    call.entry["code"] = error.code
    body = error.body()
    if "instagram" in call.host:
        body["error"].pop("error_data", None)
        if error.code == 100:
            body["error"]["type"] = "IGApiException"
    headers = dict(error.headers)
    if error.http == 401:
        headers["www-authenticate"] = 'OAuth "Facebook Platform" "invalid_token"'
    return Answer(body, error.http, headers)


def _response(call: Call, answer: Answer) -> Response:
    headers = {
        **answer.headers,
        "x-app-usage": json.dumps(_usage(call)),
        "x-fb-trace-id": trace_id(),
        "facebook-api-version": f"v{_served_version(call)}.0",
        "x-content-type-options": "nosniff",
    }
    business = _business(call)
    if business:
        kind, key = business
        asked = call.state.settings.business_usage
        usage: Json = {"type": kind, **(_shares(asked) if asked >= 0 else _usage(call))}
        usage["estimated_time_to_regain_access"] = REGAIN_MINUTES if asked >= 100 else 0
        headers["x-business-use-case-usage"] = json.dumps({key: [usage]})
    return Response(
        answer.content(), answer.status, headers=headers, media_type=answer.content_type
    )


def _usage(call: Call) -> dict[str, int]:
    """Percent of the hour's allowance; it grows with the calls since the last reset."""
    asked = call.state.settings.app_usage
    return _shares(asked if asked >= 0 else min(99, call.state.requests.last // 1000))


def _served_version(call: Call) -> int:
    """The version that answers: what is too old, and what names none, gets the oldest alive."""
    return max(call.version, call.state.settings.oldest_version)


def _business(call: Call) -> tuple[str, str] | None:
    """`(type, id)` of the allowance that this call counts against."""
    if call.node in call.state.numbers:
        return "whatsapp", call.state.numbers[call.node].waba_id
    if call.node in call.state.wabas:
        return "whatsapp", call.node
    account = call.state.instagram.account_of(call.node)
    if account is None:
        token = call.state.tokens.get(bearer(call))
        account = call.state.instagram.accounts.get(token.ig_id) if token else None
    if account is None:
        return None
    return "instagram" if call.is_instagram else "messenger", account.ig_id


def _check_allowance(call: Call) -> None:
    """At 100 percent of an allowance calls are refused: code 4 for the app, 8000x for the rest."""
    if call.state.settings.app_usage >= 100:
        raise GraphError(4)
    business = _business(call)
    if business is not None and call.state.settings.business_usage >= 100:
        raise GraphError(BUSINESS_CODES[business[0]])


def _shares(percent: int) -> dict[str, int]:
    return {"call_count": percent, "total_time": percent, "total_cputime": percent}
