"""Playing: inject messages, raw bodies and load."""

from __future__ import annotations

import asyncio
import base64
import json

from channels.simulator.meta.graph.handshake import shake_hands
from channels.simulator.meta.load import start_load
from channels.simulator.meta.records import Json
from channels.simulator.meta.settings import BadPatch
from channels.simulator.meta.signing import encode, signature
from channels.simulator.meta.simulator import Simulator
from channels.simulator.meta.webhooks import RAW_HEADERS
from channels.simulator.meta.whatsapp.fields import announce_field
from channels.simulator.meta.whatsapp.inbound import inject
from channels.simulator.meta.whatsapp.statuses import give_status, play_voice


async def play_inject(sim: Simulator, body: Json) -> Json:
    """A customer writes. `delivered` is the HTTP status of the webhook's first attempt."""
    wamid, first = inject(sim, body)
    return {"id": wamid, **await told(sim, body, first)}


async def told(sim: Simulator, body: Json, first: asyncio.Future[int | None] | None) -> Json:
    """`{delivered, reason?}`: how the first attempt of a webhook ended, as far as `wait` allows."""
    if first is None:
        return {"delivered": None, "reason": "not subscribed"}
    if body.get("wait", True) is False:
        return {"delivered": None, "reason": "not awaited"}
    # Behind a receiver that is away, a lane can wait for minutes; the caller need not.
    limit = float(body.get("wait_s", sim.state.settings.webhook_timeout_s))
    try:
        return {"delivered": await asyncio.wait_for(asyncio.shield(first), limit)}
    except TimeoutError:
        return {"delivered": None, "reason": "still waiting"}


async def play_field(sim: Simulator, body: Json) -> Json:
    """One change of any webhook `field`; see `whatsapp/fields.py`."""
    return await told(sim, body, announce_field(sim, body))


async def play_status(sim: Simulator, body: Json) -> Json:
    """One status of a message, whatever came before it."""
    return await told(sim, body, give_status(sim, body))


async def play_listen(sim: Simulator, body: Json) -> Json:
    """The customer plays a voice message."""
    play_voice(sim, str(body["wamid"]))
    return {"played": True}


async def play_raw(sim: Simulator, body: Json) -> Json:
    """Any body, once, without lanes and retries. `sign`: true, false, "instagram", "wrong"."""
    if "body_base64" in body:
        raw = base64.b64decode(body["body_base64"])
    elif isinstance(body.get("body"), str):
        raw = body["body"].encode()
    elif "body" in body:
        raw = encode(body["body"], sim.state.settings.escape)
    else:
        raise BadPatch("'body' or 'body_base64' is needed")
    headers = {**RAW_HEADERS, **body.get("headers", {})}
    sign = body.get("sign", True)
    if sign:
        secrets = {"wrong": "not-the-secret", "instagram": sim.state.instagram.app_secret}
        secret = secrets.get(str(sign), sim.state.app_secret)
        headers.setdefault("X-Hub-Signature-256", signature(secret, raw))
    url = str(body.get("url") or sim.state.webhook_url)
    attempt = await sim.emitter.post(url, raw, headers)
    kept = _readable(raw) if sim.state.settings.record_bodies else None
    entry = {"at": sim.state.now(), "url": url, "kinds": ["raw"], "wamids": [], "body": kept}
    ended = {"state": "delivered" if attempt["status"] == 200 else "failed", "attempts": [attempt]}
    sim.state.webhooks.add({**entry, **ended})
    return {"delivered": attempt["status"], "error": attempt["error"]}


def _readable(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except ValueError:
        return raw[:10_000].decode("utf-8", "replace")


async def play_load(sim: Simulator, body: Json) -> Json:
    """Many customers write at once; see `load.py`."""
    return await start_load(sim, body)


async def play_handshake(sim: Simulator, body: Json) -> Json:
    """The GET handshake with the app's callback, or with `url` and `verify_token`."""
    url = str(body.get("url") or sim.state.webhook_url)
    result = await shake_hands(sim, url, str(body.get("verify_token", sim.state.verify_token)))
    if url == sim.state.webhook_url:
        sim.state.callback_verified = bool(result["is_verified"])
    return result
