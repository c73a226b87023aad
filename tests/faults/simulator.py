"""The simulator's control API, and its ledger of the calls that it received."""

import json
import urllib.request
from typing import Any

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Simulator:
    """Speaks to one simulator by HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url

    def do(self, path: str, **body: Any) -> Any:
        data = json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_sim/{path}", data, method="POST")
        request.add_header("Content-Type", "application/json")
        with _OPENER.open(request, timeout=30) as answer:
            return json.load(answer)

    def read(self, path: str) -> Any:
        with _OPENER.open(f"{self.url}/_sim/{path}", timeout=30) as answer:
            return json.load(answer)

    def last(self) -> int:
        """The number of the newest call in the ledger."""
        found = self.read("requests?limit=1&since=0")
        return int(found.get("last", 0))

    def calls(self) -> list[dict[str, Any]]:
        """Every call to send a message, oldest first, without what it said; `message` is empty on Instagram."""
        found: list[dict[str, Any]] = []
        since = 0
        while True:
            page = self.read(f"requests?since={since}&method=POST&limit=500")["requests"]
            if not page:
                return found
            page.sort(key=lambda call: call["n"])
            since = page[-1]["n"]
            found += [_short(call) for call in page if _is_send(call)]


def _is_send(call: dict[str, Any]) -> bool:
    """Instagram's calls hold no id of ours, and a sender action is no message."""
    body = call.get("body")
    if not isinstance(body, dict):
        return False
    return "biz_opaque_callback_data" in body or {"recipient", "message"} <= set(body)


def _short(call: dict[str, Any]) -> dict[str, Any]:
    fault = call.get("fault")
    return {"n": call["n"], "at": call["at"], "message": call["body"].get("biz_opaque_callback_data", ""),
            "status": call.get("status"), "wamid": call.get("wamid"), "fault": fault}  # fmt: skip
