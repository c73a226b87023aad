"""Row 14: nothing that is not signed gets past the door, however it is dressed."""

import hashlib
import hmac
import json
import time
from typing import Any

from tests.faults.http import signature
from tests.faults.ledger import CANARY, body_of, text_of
from tests.faults.posting import Poster
from tests.faults.rows import Figure, row
from tests.faults.trial import Trial

SENDER = "972550199999"
Headers = list[tuple[str, str]]
NAME = "X-Hub-Signature-256"


def forgeries(body: bytes, secret: str, trial: Trial) -> list[tuple[bytes, Headers]]:
    """Bodies with headers of which none proves the body."""
    good = signature(secret, body)
    digest = good.removeprefix("sha256=")
    sha1 = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    wide = digest.translate({ord(c): 0xFF10 + int(c) for c in "0123456789"})
    found: list[tuple[bytes, Headers]] = [
        (body, []),
        (body, [(NAME, "")]),
        (body, [(NAME, digest)]),
        (body, [(NAME, "sha256=")]),
        (body, [("X-Hub-Signature", f"sha1={sha1}")]),
        (body, [(NAME, f"sha1={sha1}")]),
        (body, [(NAME, signature("not the secret", body))]),
        (body, [(NAME, "sha256=" + "z" * 64)]),
        (body, [(NAME, "sha256=" + wide)]),
        (body, [(NAME, "sha256=" + "0" * 64), (NAME, "sha256=" + "1" * 64)]),
        (body + b" ", [(NAME, good)]),
        (body[:-1], [(NAME, good)]),
        (b" " + body, [(NAME, good)]),
        (json.dumps(json.loads(body), indent=1).encode(), [(NAME, good)]),
        (json.dumps(json.loads(body), separators=(",", ":")).encode(), [(NAME, good)]),
        (b"[" * 5000, [(NAME, good)]),
        (b"\xff\xfe not json", [(NAME, "sha256=" + "a" * 64)]),
    ]
    found += [(body, [(NAME, f"sha256={digest[:n]}")]) for n in range(64)]
    found += [(body, [(NAME, f"sha256={digest}{extra}")]) for extra in ("0", digest, "\t0", ",")]
    for _ in range(trial.pick(100, 1000)):
        at = trial.rng.randrange(64)
        other = trial.rng.choice([c for c in "0123456789abcdef" if c != digest[at]])
        found.append((body, [(NAME, f"sha256={digest[:at]}{other}{digest[at + 1 :]}")]))
        at = trial.rng.randrange(len(body))
        flipped = body[:at] + bytes([body[at] ^ (1 << trial.rng.randrange(7))]) + body[at + 1 :]
        found.append((flipped, [(NAME, good)]))
    return found


@row(14, "bad signatures", short=True)
def bad_signatures(trial: Trial) -> Figure:
    """Every forgery is refused with 401 and an empty body, and nothing of it is stored."""
    product, poster = trial.product, Poster(trial)
    stored = product.database["webhook_deliveries"].count_documents({})
    body = _body(trial)
    found = forgeries(body, poster.secret, trial)
    accepted = 0
    for data, headers in found:
        status = poster.post(data, headers=headers)
        accepted += status == 200
        trial.require(status == 401, f"{headers} was answered {status}")
        trial.require(not poster.answer, f"{headers} was answered with a body")
    after = product.database["webhook_deliveries"].count_documents({})
    trial.require(after == stored, f"{after - stored} forgeries were stored")
    upper = [(NAME, "sha256=" + signature(poster.secret, body).removeprefix("sha256=").upper())]
    figures: Figure = {
        "accepted": f"{accepted}/{len(found)}",
        "upper_case": poster.post(body, headers=upper),
    }
    return figures | _timing(trial, poster, body)


def _body(trial: Trial) -> bytes:
    message = text_of(f"wamid.{trial.run}.forged.1", SENDER, f"{CANARY} forged", time.time())
    return json.dumps(body_of(trial.product.phones[0], [message])).encode()


def _timing(trial: Trial, poster: Poster, body: bytes) -> dict[str, Any]:
    """Welch's t between a wrong first and a wrong last digit, of the function that compares."""
    from webhooks.edge.signature import is_signed

    secret = (poster.secret.encode(),)
    good = signature(poster.secret, body).removeprefix("sha256=")
    samples: dict[int, list[float]] = {0: [], 1: []}
    for n in range(trial.pick(5_000, 50_000)):
        for which in (0, 1) if n % 2 else (1, 0):
            # Made anew each time: of two that stay, one may lie better in the processor's caches.
            headers = [(NAME.lower().encode(), f"sha256={_wrong(good, at=which * 63)}".encode())]
            began = time.perf_counter_ns()
            is_signed(body, headers, secret)
            samples[which].append(time.perf_counter_ns() - began)
    t = _welch(_cropped(samples[0]), _cropped(samples[1]))
    trial.require(abs(t) < 4.5, f"the comparison's time tells where it differs (t = {t:.1f})")
    return {"welch_t": round(t, 2), "samples": len(samples[0])}


def _wrong(digest: str, *, at: int) -> str:
    return f"{digest[:at]}{'0' if digest[at] != '0' else '1'}{digest[at + 1 :]}"


def _cropped(values: list[float]) -> list[float]:
    """Without the slowest tenth: those are the scheduler's."""
    return sorted(values)[: len(values) * 9 // 10]


def _welch(a: list[float], b: list[float]) -> float:
    from statistics import mean, variance

    return (mean(a) - mean(b)) / float(variance(a) / len(a) + variance(b) / len(b)) ** 0.5
