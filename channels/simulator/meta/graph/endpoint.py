"""The door of the Graph API: ledger, faults, handler, headers."""

from __future__ import annotations

import json
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from channels.simulator.meta.errors import GraphError, trace_id
from channels.simulator.meta.faults import FaultyAnswer, take_fault
from channels.simulator.meta.graph.call import NEWEST_VERSION, Answer, Call, read_call
from channels.simulator.meta.graph.routes import handle
from channels.simulator.meta.simulator import Simulator


async def graph_endpoint(request: Request) -> Any:
    """Answer any Graph call; a fault that was asked for is acted out on the way."""
    sim: Simulator = request.app.state.simulator
    started = time.perf_counter()
    call = await read_call(sim, request)
    fault = take_fault(
        sim.state.faults, request.url.path, call.node, str(call.entry.get("type", ""))
    )
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
        return await handle(call)
    except GraphError as error:
        return _refusal(call, error)


def _refusal(call: Call, error: GraphError) -> Answer:
    call.entry["code"] = error.code
    headers = dict(error.headers)
    if error.http == 401:
        headers["www-authenticate"] = 'OAuth "Facebook Platform" "invalid_token"'
    return Answer(error.body(), error.http, headers)


def _response(call: Call, answer: Answer) -> Response:
    headers = {
        **answer.headers,
        "x-app-usage": json.dumps(_usage(call)),
        "x-fb-trace-id": trace_id(),
        "facebook-api-version": f"v{call.version or NEWEST_VERSION}.0",
        "x-content-type-options": "nosniff",
    }
    if call.entry.get("phone_number_id"):
        waba_id = call.state.numbers[call.node].waba_id
        usage = {"type": "whatsapp", **_usage(call), "estimated_time_to_regain_access": 0}
        headers["x-business-use-case-usage"] = json.dumps({waba_id: [usage]})
    return Response(
        answer.content(), answer.status, headers=headers, media_type=answer.content_type
    )


def _usage(call: Call) -> dict[str, int]:
    """Percent of the hour's allowance; it grows with the calls since the last reset."""
    percent = min(99, call.state.requests.last // 1000)
    return {"call_count": percent, "total_time": percent, "total_cputime": percent}
