"""Media: upload, description, download by an expiring link, removal."""

from __future__ import annotations

from channels.simulator.meta.errors import GraphError, missing_object
from channels.simulator.meta.graph.call import Answer, Call
from channels.simulator.meta.graph.permits import MESSAGING, demand, identify
from channels.simulator.meta.media_links import is_link_valid, media_url
from channels.simulator.meta.records import Media
from channels.simulator.meta.whatsapp.content import file_problem
from channels.simulator.meta.whatsapp.mime_types import UPLOADABLE, bare, kind_of


async def upload_media(call: Call) -> Answer:
    """`POST /{phone_number_id}/media`, multipart with `file`, `type`, `messaging_product`."""
    demand(call, identify(call), phone=call.node, scope=MESSAGING)
    if call.body.get("messaging_product") != "whatsapp":
        raise GraphError(100, "The parameter messaging_product is required.")
    if call.upload is None:
        raise GraphError(100, "The parameter file is required.")
    content: bytes = call.body["_content"]
    mime_type = call.upload.content_type or str(call.body.get("type", ""))
    if bare(mime_type) not in UPLOADABLE:
        raise GraphError(
            100,
            f"Param file must be a file with one of the following types: {', '.join(UPLOADABLE)}."
            f" Received file of type '{bare(mime_type)}'.",
        )
    problem = file_problem(kind_of(mime_type), mime_type, len(content))
    if problem or not content:
        raise GraphError(131053, f"file: {problem or 'the file is empty.'}")
    media = call.state.add_media(
        call.node, mime_type, content, "upload", call.upload.filename or "file"
    )
    call.entry["media_id"] = media.media_id
    return Answer({"id": media.media_id})


def _media(call: Call) -> Media:
    permit = identify(call)
    media = call.state.media[call.node]
    demand(call, permit, phone=media.phone_number_id, scope=MESSAGING)
    asked = call.parameter("phone_number_id")
    if media.expires_at < call.state.now() or asked not in ("", media.phone_number_id):
        raise missing_object(call.request.method, call.node)
    return media


async def describe_media(call: Call) -> Answer:
    """`GET /{media_id}`: JSON with the link (five minutes) and the hash in hexadecimal."""
    media = _media(call)
    return Answer(
        {
            "messaging_product": "whatsapp",
            "url": media_url(call.state, call.sim.base_url, media),
            "mime_type": media.mime_type,
            "sha256": media.sha256,
            "file_size": len(media.content),
            "id": media.media_id,
        }
    )


async def delete_media(call: Call) -> Answer:
    """`DELETE /{media_id}`."""
    del call.state.media[_media(call).media_id]
    return Answer({"success": True})


def download_media(call: Call) -> Answer:
    """The bytes behind a link. Without a token 401, after its time 404, as the media host does."""
    permit = identify(call)
    query = call.request.query_params
    media = call.state.media.get(query.get("mid", ""))
    is_ours = is_link_valid(
        call.state, query.get("mid", ""), query.get("ext", ""), query.get("hash", "")
    )
    if media is None or not is_ours:
        return Answer(b"<html>Not found</html>", 404, content_type="text/html")
    if permit.token is None or media.phone_number_id not in permit.token.phone_number_ids:
        return Answer(b"<html>Not found</html>", 404, content_type="text/html")
    return Answer(media.content, content_type=media.mime_type)
