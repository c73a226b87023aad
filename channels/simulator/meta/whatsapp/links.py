"""Media sent by link: Meta fetches the file itself, after it accepted the message."""

from __future__ import annotations

from urllib.parse import urlsplit

from channels.simulator.meta.http_client import CallFailed
from channels.simulator.meta.records import Message
from channels.simulator.meta.simulator import Simulator
from channels.simulator.meta.whatsapp.content import MEDIA_KEYS, file_problem

LOOPBACK = ("127.0.0.1", "localhost", "::1")


async def fetch_linked(sim: Simulator, message: Message) -> int | None:
    """Fetch the linked file so that the telephone can show it; 131053 when that fails.

    With `fetch_links` at `loopback` only this machine is asked, since a test network may have no
    way out; other links are then believed.
    """
    content = message.content
    if message.type not in MEDIA_KEYS or not isinstance(content, dict) or "link" not in content:
        return None
    policy = sim.state.settings.fetch_links
    is_near = urlsplit(content["link"]).hostname in LOOPBACK
    if policy == "never" or (policy == "loopback" and not is_near):
        return None
    try:
        headers = {"User-Agent": "facebookexternalhit"}
        answer = await sim.client.call("GET", content["link"], b"", headers, 10.0)
    except CallFailed:
        return 131053
    mime_type = answer.headers.get("content-type", "application/octet-stream")
    if answer.status != 200 or file_problem(message.type, mime_type, len(answer.body)):
        return 131053
    media = sim.state.add_media(message.phone_number_id, mime_type, answer.body, "link")
    message.view = {**message.view, "media_id": media.media_id}
    return None
