"""Row 26: the provider's GET handshake echoes for nobody else, and never anything that a browser runs."""

import http.client
from email.message import Message
from urllib.parse import urlencode

from channels.verification import verify_token_of
from tests.faults.posting import Poster
from tests.faults.rows import Figure, row
from tests.faults.trial import Trial

SCRIPT = "<script>alert(1)</script>"


@row(26, "verification GET", short=True)
def handshake(trial: Trial) -> Figure:
    """Wrong, missing and hostile handshakes are refused; the right one is answered as plain text."""
    ours = trial.product.demo["meta"]["verify_token"]
    channel = trial.product.tenants[0]["channels"][0]["id"]
    probes = reflected = 0
    for path, token in (
        ("/webhooks/meta", ours),
        (f"/webhooks/channels/{channel}", verify_token_of(channel, ours)),
    ):
        for what, query, allowed in _probes(token):
            status, body, headers = _get(trial, f"{path}?{query}")
            probes += 1
            echoed = b"<script" in body and "text/plain" not in headers.get("Content-Type", "")
            reflected += echoed
            trial.require(status in allowed, f"{path}, {what}: answered {status}")
            trial.require(status == 200 or not body, f"{path}, {what}: the refusal says something")
            # What the server refuses before the edge reads it has nothing to be sniffed.
            guarded = headers.get("X-Content-Type-Options") == "nosniff" or not body
            trial.require(guarded, f"{path}, {what}: without nosniff")
        status, body, headers = _get(trial, f"{path}?{_query(token, '1158201444')}")
        right = (status, body, headers.get("Content-Type", "").partition(";")[0])
        trial.require(
            right == (200, b"1158201444", "text/plain"), f"{path}: the right one: {right}"
        )
    unsigned = Poster(trial).post(b'{"object":"whatsapp_business_account","entry":[]}', headers=[])
    trial.require(unsigned == 401, f"a POST without a signature was answered {unsigned}")
    trial.require(not reflected, f"{reflected} answers reflect HTML")
    return {"probes": probes, "reflected": reflected, "unsigned": unsigned}


def _query(token: str, challenge: str, mode: str = "subscribe") -> str:
    return urlencode({"hub.mode": mode, "hub.verify_token": token, "hub.challenge": challenge})


def _probes(token: str) -> list[tuple[str, str, tuple[int, ...]]]:
    """(what, query, the statuses that are right; 0 is a closed connection)."""
    long = (403, 400, 414, 431, 0)
    return [
        ("a wrong token", _query("wrong", "1"), (403,)),
        ("half a token", _query(token[:-1], "1"), (403,)),
        ("a longer token", _query(token + "x", "1"), (403,)),
        ("an empty token", _query("", "1"), (403,)),
        ("a token in other letters", _query("\uff41" + token[1:], "1"), (403,)),
        ("no token", urlencode({"hub.mode": "subscribe", "hub.challenge": "1"}), (403,)),
        ("no mode", urlencode({"hub.verify_token": token, "hub.challenge": "1"}), (403,)),
        ("another mode", _query(token, "1", "unsubscribe"), (403,)),
        ("nothing", "", (403,)),
        ("a script with a wrong token", _query("wrong", SCRIPT), (403,)),
        ("a script with the right token", _query(token, SCRIPT), (403, 200)),
        ("line breaks", _query(token, "1\r\nSet-Cookie: a=b"), (403,)),
        ("1 MB with a wrong token", _query("wrong", "1" * 1_000_000), long),
        ("1 MB with the right token", _query(token, "1" * 1_000_000), long),
    ]


def _get(trial: Trial, path: str) -> tuple[int, bytes, Message]:
    address = trial.product.stack.addresses.edge.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    except (OSError, http.client.HTTPException):
        return 0, b"", Message()
    finally:
        connection.close()
