"""Applications that write down each request that reached them, under the servers that the product runs.

``RECORDED`` in the environment names the file: a line of JSON for each request, as it was understood.
"""

import json
import os
from collections.abc import Callable, Iterable
from typing import Any


def _note(method: str, path: str, headers: dict[str, str], body: bytes) -> None:
    line = {"method": method, "path": path, "headers": headers, "body": body.decode("latin-1")}
    with open(os.environ["RECORDED"], "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def web(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Like the site: WSGI."""
    headers = {name[5:].replace("_", "-").lower(): value
               for name, value in environ.items() if name.startswith("HTTP_")}  # fmt: skip
    body = environ["wsgi.input"].read()
    _note(environ["REQUEST_METHOD"], environ["PATH_INFO"], headers, body)
    start_response("200 OK", [("X-Seen", environ["PATH_INFO"]), ("Content-Length", "3")])
    return [b"web"]


async def edge(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Like the webhooks' edge and the stream: ASGI."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message.get("body", b""), message.get("more_body", False)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    _note(scope["method"], scope["path"], headers, body)
    told = [(b"x-seen", scope["path"].encode()), (b"content-length", b"4")]
    await send({"type": "http.response.start", "status": 200, "headers": told})
    await send({"type": "http.response.body", "body": b"edge"})
