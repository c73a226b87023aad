"""The Resumable Upload API: a session at the app, then the bytes, then the handle that a template names."""

from __future__ import annotations

import base64
import copy
import re
import secrets
import uuid
from urllib.parse import urlencode

from channels.simulator.meta.errors import GraphError, missing_object
from channels.simulator.meta.graph.call import UPLOAD, Answer, Call, bearer
from channels.simulator.meta.graph.permits import MANAGEMENT, identify
from channels.simulator.meta.records import Json, Template, Upload
from channels.simulator.meta.whatsapp.template_rules import headers_of

TYPES = ("application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4")
LONGEST = 100 * 1024 * 1024
LINK_S = 14 * 86_400


async def begin_upload(call: Call) -> Answer:
    """`POST /{app_id}/uploads` with `file_length`, `file_type`, `file_name`: the session's id."""
    permit = identify(call)
    if call.node != call.state.app_id:
        raise missing_object(call.request.method, call.node)
    if permit.token is None or MANAGEMENT not in permit.token.scopes:
        raise GraphError(200, message="(#200) Permissions error")
    length, kind = call.parameter("file_length"), call.parameter("file_type")
    if not length.isdigit() or not 0 < int(length) <= LONGEST:
        raise GraphError(100, message="(#100) Param file_length must be the size of the file")
    if kind not in TYPES:
        raise GraphError(100, message=f"(#100) Param file_type must be one of {', '.join(TYPES)}")
    words = f"1:attachment:{uuid.uuid4()}?{urlencode({'file_length': length, 'file_type': kind})}"
    session = UPLOAD + base64.urlsafe_b64encode(words.encode()).decode()
    upload = Upload(
        session=session,
        signature=secrets.token_urlsafe(12),
        token=permit.token.value,
        length=int(length),
        mime_type=kind,
        name=call.parameter("file_name"),
    )
    call.state.uploads[session] = upload
    return Answer({"id": f"{session}?sig={upload.signature}"})


async def take_upload(call: Call) -> Answer:
    """`POST /upload:…` with `Authorization: OAuth`, `file_offset: 0` and the bytes: the handle."""
    headers = call.request.headers
    if not headers.get("authorization", "").lower().startswith("oauth "):
        raise GraphError(190, message="An OAuth token is required in the header.", http=401)
    identify(call)
    upload = call.state.uploads[call.node]
    is_its_own = (upload.token, upload.signature) == (bearer(call), call.parameter("sig"))
    if not is_its_own:
        raise missing_object(call.request.method, call.node)
    if headers.get("file_offset") != "0":
        raise GraphError(100, message="(#100) The header file_offset is not where the file ends")
    content: bytes = call.body.get("_content", b"")
    if len(content) != upload.length:
        words = f"(#100) The session is for {upload.length} bytes, {len(content)} came"
        raise GraphError(100, message=words)
    upload.content = content
    upload.handle = "4::" + base64.urlsafe_b64encode(secrets.token_bytes(60)).decode()
    call.state.handles[upload.handle] = upload
    del call.state.uploads[call.node]
    return Answer({"h": upload.handle})


def shown_components(call: Call, template: Template) -> list[Json]:
    """A template's parts as a list has them: a link, new each time, where a handle was given."""
    whole = copy.deepcopy(template.components)
    for header in headers_of(whole):
        example = header.get("example")
        if isinstance(example, dict) and isinstance(example.get("header_handle"), list):
            handles = example["header_handle"]
            example["header_handle"] = [_link(call, str(one)) for one in handles]
    return whole


def _link(call: Call, handle: str) -> str:
    """What was not uploaded here (a template of the control API) is shown as it is."""
    if handle not in call.state.handles:
        return handle
    until = hex(int(call.state.now()) + LINK_S)[2:]
    query = urlencode({"h": handle, "oh": secrets.token_hex(8), "oe": until})
    return f"{call.sim.base_url}/_media/whatsapp_examples?{query}"


def show_example(call: Call) -> Answer:
    """The bytes behind such a link, for anyone, until it ends."""
    upload = call.state.handles.get(call.parameter("h"))
    until = call.parameter("oe")
    is_time = re.fullmatch(r"[0-9a-f]{1,12}", until)
    if upload is None or not is_time or int(until, 16) < call.state.now():
        return Answer(b"URL signature expired", 403, content_type="text/plain")
    return Answer(upload.content, content_type=upload.mime_type)
