"""``Idempotency-Key`` on unsafe operations: a repetition gets the first answer and no second effect."""

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from kernel import idempotency
from kernel.errors import BadRequest, DomainError
from kernel.mongo.deadline import away_from_database
from kernel.mongo.transactions import DatabaseAway

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class BadIdempotencyKey(BadRequest):
    code = "invalid_idempotency_key"
    title = "An Idempotency-Key is 1 to 255 visible ASCII characters"


def key_of(request: Request) -> str | None:
    """The key that the caller sent, or None; raises ``BadIdempotencyKey``."""
    key = request.headers.get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise BadIdempotencyKey
    return key


def once(request: Request, run: Callable[[], Response], *, secret: Sequence[str] = ()) -> Response:
    """Run the operation unless its key has been answered; a refusal frees the key.

    ``secret`` names members of the answer that are shown once and never kept.
    """
    key = key_of(request)
    if key is None:
        return run()
    principal = f"{request.user.kind}:{getattr(request.user, 'asker', request.user.id)}"
    claimed = idempotency.begin(key, principal, _print(request))
    if isinstance(claimed, idempotency.Stored):
        return Response(claimed.body, status=claimed.status, headers={REPLAYED: "true"})
    try:
        with idempotency.bound(claimed):
            response = run()
    except Exception as error:
        # A database that went away may have kept what was done before it did.
        is_refused = isinstance(error, DomainError) and not isinstance(error, DatabaseAway)
        idempotency.forget(claimed, is_refused=is_refused)
        raise
    idempotency.answer(claimed, response.status_code, _kept(response.data, secret))
    return response


def _print(request: Request) -> str:
    body = request.data
    if request.FILES:
        body = {name: [_file_print(file) for file in request.FILES.getlist(name)]
                for name in request.FILES}  # fmt: skip
    return idempotency.fingerprint(request.method or "", request.path, body)


def _file_print(file: Any) -> list[str]:
    digest = hashlib.sha256()
    with away_from_database():
        for chunk in file.chunks():
            digest.update(chunk)
    file.seek(0)
    return [file.name, digest.hexdigest()]


def _kept(data: Any, secret: Sequence[str]) -> Any:
    if not secret or not isinstance(data, dict):
        return data
    return {name: None if name in secret else value for name, value in data.items()}
