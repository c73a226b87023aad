"""Reading: ledgers, state, conversations, files and the live stream."""

from __future__ import annotations

import asyncio
import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from channels.simulator.meta.control import instagram
from channels.simulator.meta.control.replies import number_parameter, simulator_of
from channels.simulator.meta.ledger import Ledger
from channels.simulator.meta.records import Json
from channels.simulator.meta.simulator import Simulator
from channels.simulator.meta.whatsapp.mime_types import bare, kind_of
from channels.simulator.meta.whatsapp.statuses import catch_up
from channels.simulator.meta.whatsapp.telephone import thread

SECRETS = ("access_token", "page_access_token", "pin")
SAFE_INLINE = ("image", "video", "audio", "sticker")


async def _page(request: Request, ledger: Ledger, name: str) -> Response:
    """Entries after `since`; with `wait_ms`, wait until at least `count` of them are there."""
    since, limit = number_parameter(request, "since", 0), number_parameter(request, "limit", 1000)
    count = number_parameter(request, "count", 1)
    until = time.monotonic() + number_parameter(request, "wait_ms", 0) / 1000

    while True:
        found = ledger.since(since, limit, lambda entry: _is_wanted(request, entry))
        if len(found) >= count or time.monotonic() >= until:
            return JSONResponse({name: found, "last": ledger.last})
        await asyncio.sleep(0.01)


def _is_wanted(request: Request, entry: Json) -> bool:
    query = request.query_params
    kinds = entry.get("kinds", ())
    return (
        query.get("path", "") in entry.get("path", "")
        and query.get("phone", "") in ("", entry.get("phone_number_id"))
        and query.get("method", "") in ("", entry.get("method"))
        and query.get("type", "") in ("", entry.get("type"))
        and query.get("state", "") in ("", entry.get("state"))
        and (not query.get("wamid") or query["wamid"] in _wamids(entry))
        and (not query.get("kind") or any(query["kind"] in kind for kind in kinds))
    )


def _wamids(entry: Json) -> list[str]:
    return list(entry.get("wamids") or [entry.get("wamid")])


async def get_requests(request: Request) -> Response:
    """`GET /_sim/requests`: every Graph call received."""
    return await _page(request, simulator_of(request).state.requests, "requests")


async def get_webhooks(request: Request) -> Response:
    """`GET /_sim/webhooks`: every webhook sent, with its attempts."""
    return await _page(request, simulator_of(request).state.webhooks, "webhooks")


async def get_state(request: Request) -> Response:
    """`GET /_sim/state`: what exists and what is switched on, without secrets or bytes."""
    sim = simulator_of(request)
    state = sim.state
    return JSONResponse(
        {
            "epoch": state.epoch,
            "now": state.now(),
            "app_id": state.app_id,
            "webhook_url": state.webhook_url,
            "callback_verified": state.callback_verified,
            "settings": vars(state.settings),
            "chaos": vars(state.chaos),
            "faults": [vars(item) for item in state.faults],
            "numbers": [_without_token(vars(item)) for item in state.numbers.values()],
            "wabas": [vars(item) for item in state.wabas.values()],
            "customers": [vars(item) for item in list(state.customers.values())[:1000]],
            "instagram": {
                "app_id": state.instagram.app_id,
                "webhook_url": state.instagram.webhook_url,
                "accounts": [
                    _without_token(vars(item)) for item in state.instagram.accounts.values()
                ],
                "people": [vars(item) for item in list(state.instagram.people.values())[:1000]],
                "posts": state.instagram.posts,
            },
            "counts": {
                "customers": len(state.customers),
                "messages": len(state.messages),
                "media": len(state.media),
                "requests": state.requests.last,
                "webhooks": state.webhooks.last,
                "webhooks_waiting": sim.emitter.waiting,
            },
            "loads": state.loads,
        }
    )


def _without_token(item: Json) -> Json:
    return {name: value for name, value in item.items() if name not in SECRETS}


async def get_switches(request: Request) -> Response:
    """`GET` of settings, chaos, faults, clock and loads."""
    state = simulator_of(request).state
    found: dict[str, object] = {
        "settings": vars(state.settings),
        "chaos": vars(state.chaos),
        "fail-next": {"waiting": [vars(item) for item in state.faults]},
        "clock": {"offset_s": state.clock_offset_s, "now": state.now()},
        "load": {"loads": state.loads},
    }
    return JSONResponse(found[request.url.path.rsplit("/", 1)[-1]])


async def get_thread(request: Request) -> Response:
    """`GET /_sim/thread?phone_number_id=&wa_id=`: the bubbles of one conversation."""
    query = request.query_params
    pair = (query.get("phone_number_id", ""), query.get("wa_id", ""))
    return JSONResponse({"messages": thread(simulator_of(request).state, *pair)})


async def get_message(request: Request) -> Response:
    """`GET /_sim/messages/{wamid}`: one bubble by its id, for tests; 404 when unknown."""
    state = simulator_of(request).state
    message = state.messages.get(request.path_params["wamid"])
    if message is None:
        return JSONResponse({"error": "unknown message"}, 404)
    return JSONResponse(vars(message))


async def look(sim: Simulator, body: Json) -> Json:
    """A telephone opens (`open: true`) or leaves a conversation; opening reads what is there."""
    state = sim.state
    if str(body["phone_number_id"]) in state.instagram.accounts:
        return await instagram.look(sim, body)
    customer = state.customer(str(body["wa_id"]))
    pair = (str(body["phone_number_id"]), customer.wa_id)
    if body.get("open", True):
        state.open_telephones[pair] = 1
        catch_up(sim, customer, pair[0])
    else:
        state.open_telephones.pop(pair, None)
    return {"open": pair in state.open_telephones}


async def upload_file(request: Request) -> Response:
    """`POST /_sim/media`, multipart `file` and `phone_number_id`: a customer's own file."""
    sim = simulator_of(request)
    async with request.form() as form:
        file = form.get("file")
        phone = str(form.get("phone_number_id", ""))
        if file is None or isinstance(file, str) or not _is_known(sim, phone):
            return JSONResponse({"error": "file and a known phone_number_id are needed"}, 400)
        mime_type = file.content_type or "application/octet-stream"
        name = file.filename or "file"
        media = sim.state.add_media(phone, mime_type, await file.read(), "inbound", name)
    kind = kind_of(mime_type)
    return JSONResponse({"id": media.media_id, "type": "image" if kind == "sticker" else kind})


def _is_known(sim: Simulator, phone: str) -> bool:
    return phone in sim.state.numbers or phone in sim.state.instagram.accounts


async def get_file(request: Request) -> Response:
    """`GET /_sim/media/{id}`: bytes for the telephone page; anything but media is a download."""
    media = simulator_of(request).state.media.get(request.path_params["media_id"])
    if media is None:
        return Response("not found", 404)
    inline = kind_of(media.mime_type) in SAFE_INLINE
    headers = {
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "content-disposition": "inline" if inline else "attachment",
        "cache-control": "private, max-age=3600",
    }
    mime_type = bare(media.mime_type) if inline else "application/octet-stream"
    return Response(media.content, headers=headers, media_type=mime_type)


async def live(request: Request) -> Response:
    """`GET /_sim/events`: server-sent events `message`, `change`, `typing`, `people`, `reset`."""
    given = request.headers.get("last-event-id", "")
    stream = simulator_of(request).hub.stream(int(given) if given.isdigit() else None)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(stream, headers=headers, media_type="text/event-stream")
