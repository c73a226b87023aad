"""The GET with which Meta verifies a callback before it sends there."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode, urlsplit

from channels.simulator.meta.errors import GraphError
from channels.simulator.meta.http_client import CallFailed
from channels.simulator.meta.records import Json
from channels.simulator.meta.simulator import Simulator


async def shake_hands(sim: Simulator, url: str, verify_token: str) -> Json:
    """Call `url` as Meta does: `{"url", "status", "is_verified", "error"}`, kept in the ledger."""
    challenge = str(secrets.randbelow(10**10))
    query = {
        "hub.mode": "subscribe",
        "hub.challenge": challenge,
        "hub.verify_token": verify_token,
    }
    full = f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(query)}"
    result: Json = {"url": url, "status": None, "is_verified": False, "error": None}
    try:
        headers = {"User-Agent": "facebookplatform/1.0", "Accept": "*/*"}
        answer = await sim.client.call("GET", full, b"", headers, 10.0)
        result["status"] = answer.status
        result["is_verified"] = answer.status == 200 and answer.body == challenge.encode()
    except CallFailed as failure:
        result["error"] = str(failure)
    sim.state.webhooks.add({"at": sim.state.now(), "kinds": ["handshake"], **result})
    return result


async def check_callback(sim: Simulator, url: str, verify_token: str) -> None:
    """Refuse a callback that does not echo the challenge (code 2200)."""
    if len(url) > 200 or urlsplit(url).scheme not in ("http", "https"):
        raise GraphError(100, "Param override_callback_uri must be a URI of at most 200 chars.")
    result = await shake_hands(sim, url, verify_token)
    if not result["is_verified"]:
        reason = result["error"] or f"HTTP Status Code = {result['status']}"
        words = f"(#2200) Callback verification failed with the following errors: {reason}"
        raise GraphError(2200, message=words)


async def verify_app_callback(sim: Simulator) -> None:
    """The app's callback once, in the background; the result stands in the ledger and state."""
    result = await shake_hands(sim, sim.state.webhook_url, sim.state.verify_token)
    sim.state.callback_verified = bool(result["is_verified"])
