"""One Graph API call: what was asked, by whom, and what is kept of it in the ledger."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.requests import Request

from channels.simulator.meta.errors import GraphError
from channels.simulator.meta.faults import Fault
from channels.simulator.meta.records import Json, Token
from channels.simulator.meta.simulator import Simulator
from channels.simulator.meta.state import State

UNSAID = ("_content", "client_secret", "access_token", "pin", "code")
HOSTS = (
    "graph.facebook.com",
    "graph.instagram.com",
    "api.instagram.com",
    "www.instagram.com",
    "www.facebook.com",
)
UPLOAD = "upload:"
VERSION = re.compile(r"v(\d+)\.(\d+)")


@dataclass
class Call:
    """`node` and `edge` are the path's parts after the version: `/v26.0/{node}/{edge}`."""

    sim: Simulator
    request: Request
    node: str
    edge: str
    version: int
    host: str = "graph.facebook.com"
    body: Json = field(default_factory=dict)
    upload: UploadFile | None = None
    fault: Fault | None = None
    entry: Json = field(default_factory=dict)
    problem: GraphError | None = None

    @property
    def is_instagram(self) -> bool:
        """Whether graph.instagram.com was called."""
        return self.host == "graph.instagram.com"

    @property
    def state(self) -> State:
        """The simulator's state."""
        return self.sim.state

    def parameter(self, name: str, default: str = "") -> str:
        """A parameter, from the query or the body, as text."""
        value = self.request.query_params.get(name, self.body.get(name, default))
        return value if isinstance(value, str) else json.dumps(value)

    def fields(self, usual: str) -> list[str]:
        """The field names asked for, or `usual`; sub-selections in braces are left out."""
        wanted = self.parameter("fields") or usual
        plain = re.sub(r"\{[^}]*\}|\.[a-z_]+\([^)]*\)", "", wanted)
        return [name.strip() for name in plain.split(",") if name.strip()]


def split_path(path: str) -> tuple[str, int, str, str]:
    """`(host, version, node, edge)`; a path may begin with the host, version 0 when it has none."""
    parts = [part for part in path.split("/") if part]
    version, host = 0, HOSTS[0]
    if parts and parts[0] in HOSTS:
        host, parts = parts[0], parts[1:]
    if parts and (match := VERSION.fullmatch(parts[0])):
        version = int(match[1])
        parts = parts[1:]
    node, edge, *_ = [*parts, "", ""]
    return host, version, node, edge


async def read_call(sim: Simulator, request: Request) -> Call:
    """Read the body, whatever its form, and open the ledger's entry."""
    host, version, node, edge = split_path(request.url.path)
    call = Call(sim, request, node, edge, version, host)
    content_type = request.headers.get("content-type", "")
    if content_type.startswith("multipart/form-data"):
        await _read_form(call)
    elif node.startswith(UPLOAD):
        call.body["_content"] = await request.body()
    elif content_type.startswith("application/x-www-form-urlencoded"):
        _read_pairs(call, await request.body())
    else:
        _read_json(call, await request.body())
    call.entry = sim.state.requests.add(_entry(call))
    return call


async def _read_form(call: Call) -> None:
    async with call.request.form() as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                call.upload = value
                call.body[name] = {"filename": value.filename, "mime_type": value.content_type}
                call.body["_content"] = await value.read()
            else:
                call.body[name] = value


def _read_pairs(call: Call, raw: bytes) -> None:
    """Form pairs, whose values may be JSON; or JSON that a tool labelled as a form."""
    if raw.lstrip().startswith(b"{"):
        _read_json(call, raw)
        return
    for name, value in parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True):
        try:
            call.body[name] = json.loads(value) if value[:1] in ("{", "[") else value
        except ValueError:
            call.body[name] = value


def _read_json(call: Call, raw: bytes) -> None:
    if not raw:
        return
    try:
        found = json.loads(raw)
    except ValueError:
        found = None
    if isinstance(found, dict):
        call.body = found
    else:
        call.problem = GraphError(100, "The body must be a JSON object.")


def _entry(call: Call) -> Json:
    token = bearer(call)
    query = {
        name: value
        for name, value in call.request.query_params.items()
        if name not in ("access_token", "input_token", "client_secret", "fb_exchange_token")
    }
    return {
        "at": call.state.now(),
        "method": call.request.method,
        "path": call.request.url.path,
        "query": query,
        "host": call.host,
        "phone_number_id": call.node if call.node in call.state.numbers else None,
        "type": _kind(call),
        "token": f"…{token[-4:]}" if token else None,
        "body": {name: value for name, value in call.body.items() if name not in UNSAID},
        "status": None,
        "code": None,
        "wamid": None,
        "fault": None,
    }


def _kind(call: Call) -> str:
    if call.edge != "messages":
        return ""
    if isinstance(call.body.get("recipient"), dict):
        return str(call.body.get("sender_action", "message"))
    if "status" in call.body:
        return "typing" if "typing_indicator" in call.body else "read"
    return str(call.body.get("type", "text"))


def bearer(call: Call) -> str:
    """The access token of the call, from the header or the parameter; empty when absent."""
    scheme, _, value = call.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() in ("bearer", "oauth") and value:
        return value.strip()
    return call.parameter("access_token")


@dataclass
class Answer:
    """What goes back: JSON, or raw bytes with their own type."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=UTF-8"

    def content(self) -> bytes:
        """The bytes to send."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Permit:
    """Who calls: a token of a business, or the app itself (`token` is None)."""

    token: Token | None
    is_app: bool = False
