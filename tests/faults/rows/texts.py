"""Row 20: texts that hurt careless storage or careless pages come back as they were written."""

import time
from typing import Any

from tests.faults.ledger import CANARY, SENDERS, body_of, text_of
from tests.faults.posting import Poster
from tests.faults.rows import Figure, row
from tests.faults.trial import Trial

EXTREMES = {
    "65,536 characters": CANARY + "x" * (65_536 - len(CANARY)),
    "65,536 emoji": "\U0001f9ff" * 65_536,
    "NUL": f"{CANARY} before\x00after",
    "right to left": f"{CANARY} \u202eevil\u202c \u2067txt\u2069",
    "a family": "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466" * 50,
    "combining marks": "Z" + "\u0301" * 1_000,
    "white space": " \t\r\n\u00a0\u2003 ",
    "nothing": "",
    "a script": f"{CANARY}<script>alert(1)</script><img src=x onerror=alert(1)>",
    "a template": f"{CANARY}{{{{7*7}}}} {{% debug %}} ${{7*7}}",
    "a formula": '=HYPERLINK("https://example.org","x")',
    "an operator": '{"$where": "1"} $ne a.b',
    "not normalised": "e\u0301 \u00e9 \ufb01 \u212b",
    "controls": f"{CANARY}\x01\x07\x1b[31m\x7f\u0085",
    "line separators": "a\u2028b\u2029c",
    "beyond the plane": "\U0010ffff \ufffe \uffff",
}  # fmt: skip
NUL_SHOWN = "\u2400"
"""MongoDB keeps a NUL in a text, much else does not: it is stored as its picture."""


@row(20, "text extremes", short=True)
def texts(trial: Trial) -> Figure:
    """Inbound and outbound, each text comes back from the API, and leaves to the provider, unchanged."""
    inbound = _written(trial)
    wrong = [name for name, id_ in inbound.items() if _shown(trial, id_) != _expected(name)]
    trial.require(not wrong, f"the API shows others than were written: {wrong}")
    html = _answers_as_html(trial, inbound["a script"])
    trial.require(not html, "a text is answered as HTML")
    return {"texts": len(EXTREMES), "mismatches": len(wrong), "as_html": int(html)}


def _expected(name: str) -> str:
    return EXTREMES[name].replace("\x00", NUL_SHOWN)


def _written(trial: Trial) -> dict[str, Any]:
    """Each text from a customer of its own; name → the stored row."""
    poster, ids = Poster(trial), {}
    for n, (name, said) in enumerate(EXTREMES.items()):
        sender = f"{SENDERS}{96700 + n:05d}"
        id_ = ids[name] = f"wamid.{trial.run}.{sender}.1"
        body = body_of(trial.product.phones[0], [text_of(id_, sender, said, time.time())])
        status = poster.post(body, [(id_, sender, 1)])
        trial.require(status == 200, f"{name}: answered {status}")
    trial.settle()
    rows = trial.product.database["messages"].find({"external_id": {"$in": list(ids.values())}})
    found = {row_["external_id"]: row_ for row_ in rows}
    trial.require(len(found) == len(ids), f"{len(found)} of {len(ids)} are stored")
    return {name: found[id_] for name, id_ in ids.items() if id_ in found}


def _shown(trial: Trial, message: Any) -> Any:
    return trial.product.api("GET", f"messages/{message['_id']}")[1].get("text")


def _answers_as_html(trial: Trial, message: Any) -> bool:
    """A browser that is led to the address must not find a page in it."""
    import http.client

    product = trial.product
    connection = http.client.HTTPConnection(product.stack.addresses.web.removeprefix("http://"))
    headers = {"Authorization": f"Bearer {product.tenants[0]['api_key']}", "Accept": "text/html"}
    connection.request("GET", f"/api/v1/messages/{message['_id']}", headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    sniffed = answer.headers.get("X-Content-Type-Options") != "nosniff"
    return "html" in answer.headers.get("Content-Type", "") or sniffed
