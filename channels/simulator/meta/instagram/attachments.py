"""Files on Instagram: what may be sent, fetching it, and the expiring links to what was received."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from channels.simulator.meta.errors import GraphError
from channels.simulator.meta.http_client import CallFailed
from channels.simulator.meta.instagram.errors import invalid, refused
from channels.simulator.meta.records import Json, Media
from channels.simulator.meta.signing import keyed_hash
from channels.simulator.meta.simulator import Simulator

MB = 1024 * 1024
LIMITS = {"image": 8 * MB, "video": 25 * MB, "audio": 25 * MB, "file": 25 * MB}
MIME_TYPES: dict[str, tuple[str, ...]] = {
    "image": ("image/png", "image/jpeg", "image/gif"),
    "video": (
        "video/mp4",
        "video/ogg",
        "video/x-msvideo",
        "video/avi",
        "video/quicktime",
        "video/webm",
    ),
    "audio": (
        "audio/aac",
        "audio/mp4",
        "audio/m4a",
        "audio/x-m4a",
        "audio/wav",
        "audio/x-wav",
        "audio/wave",
    ),
    "file": ("application/pdf",),
}
LOOPBACK = ("127.0.0.1", "localhost", "::1")


async def source_of(sim: Simulator, ig_id: str, attachment: Json) -> Json:
    """The checked file of one attachment: `{"url"?, "id"?}` for the telephone."""
    kind = str(attachment.get("type", ""))
    payload = attachment.get("payload")
    if kind not in LIMITS:
        raise invalid(f"Param message[attachment][type] must not be {kind or 'empty'}")
    if not isinstance(payload, dict):
        raise invalid("Param message[attachment][payload] must be an object")
    known = str(payload.get("attachment_id", ""))
    if bool(known) == bool(payload.get("url")):
        raise refused(2534015, "Either url or attachment_id is needed, not both")
    if known:
        upload = sim.state.instagram.uploads.get(known)
        if upload is None or upload.ig_id != ig_id:
            raise refused(2018074)
        if upload.kind != kind:
            raise refused(2018047)
        return {"id": upload.media_id} if upload.media_id else {"url": upload.url}
    return await _fetch(sim, ig_id, kind, str(payload["url"]))


async def _fetch(sim: Simulator, ig_id: str, kind: str, url: str) -> Json:
    """Fetch before answering, as Instagram does; far links are believed unless told otherwise."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise refused(2018008)
    policy = sim.state.settings.fetch_links
    if policy == "never" or (policy == "loopback" and parts.hostname not in LOOPBACK):
        return {"url": url}
    try:
        headers = {"User-Agent": "facebookexternalhit"}
        answer = await sim.client.call("GET", url, b"", headers, 10.0)
    except CallFailed:
        raise refused(2018294 if kind == "video" else 2018008) from None
    if answer.status != 200:
        raise refused(2018008)
    mime_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    problem = file_problem(kind, mime_type, len(answer.body))
    if problem is not None:
        raise problem
    media = sim.state.add_media(ig_id, mime_type, answer.body, "link")
    return {"id": media.media_id, "url": url}


def file_problem(kind: str, mime_type: str, size: int) -> GraphError | None:
    """Why a file cannot be sent as `kind`: its type (2018047) or its size (2018109)."""
    if mime_type not in MIME_TYPES[kind]:
        return refused(2018047)
    return refused(2018109) if size > LIMITS[kind] else None


def cdn_url(sim: Simulator, media: Media, life_s: float | None = None) -> str:
    """A signed link without a token; it ends after `ig_media_ttl_s`, or after `life_s`."""
    life = sim.state.settings.ig_media_ttl_s if life_s is None else life_s
    until = int(sim.state.now() + life)
    proof = keyed_hash(sim.state.instagram.app_secret, f"{media.media_id}|{until}")[:32]
    path = f"_media/ig_messaging_cdn/?asset_id={media.media_id}&ext={until}&signature={proof}"
    return f"{sim.base_url}/{path}"


def file_behind(sim: Simulator, media_id: str, until: str, proof: str) -> Media | None:
    """The file of a link that is ours and not over."""
    wanted = keyed_hash(sim.state.instagram.app_secret, f"{media_id}|{until}")[:32]
    is_ours = until.isdigit() and hmac.compare_digest(wanted.encode(), proof.encode())
    if not is_ours or int(until) < sim.state.now():
        return None
    return sim.state.media.get(media_id)
