"""How the control API reads requests and answers mistakes."""

from __future__ import annotations

import binascii
import json
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from channels.simulator.meta.records import Json
from channels.simulator.meta.settings import BadPatch
from channels.simulator.meta.simulator import Simulator

Action = Callable[[Simulator, Json], Awaitable[Json]]


def simulator_of(request: Request) -> Simulator:
    """The simulator behind this application."""
    found: Simulator = request.app.state.simulator
    return found


async def read_json(request: Request) -> Json:
    """The body as an object; an empty body is an empty object. Raises `BadPatch`."""
    raw = await request.body()
    if not raw:
        return {}
    try:
        found = json.loads(raw)
    except ValueError:
        raise BadPatch("the body is not JSON") from None
    if not isinstance(found, dict):
        raise BadPatch("the body must be a JSON object")
    return found


def action(work: Action) -> Callable[[Request], Awaitable[Response]]:
    """A POST endpoint from a function of the simulator and the body; mistakes become 400."""

    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await work(simulator_of(request), await read_json(request)))
        except (BadPatch, KeyError, TypeError, AttributeError, ValueError, binascii.Error) as error:
            words = f"missing: {error}" if isinstance(error, KeyError) else str(error)
            return JSONResponse({"error": words}, 400)

    return endpoint


def number_parameter(request: Request, name: str, usual: int) -> int:
    """A whole number from the query, or `usual`."""
    value = request.query_params.get(name, "")
    return int(value) if value.isdigit() else usual
