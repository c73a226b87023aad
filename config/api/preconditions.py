"""``ETag`` and ``If-Match``: a change made on an old version is refused, not merged."""

import re
from typing import Any

from rest_framework.request import Request

_TAG = re.compile(r'^"v([1-9][0-9]{0,15})"$')
NEVER = -1


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"v{version}"'


def expected_version(request: Request, body: dict[str, Any]) -> int | None:
    """The version that the caller saw: ``If-Match``, else the body's ``version``, else None.

    A tag that we never gave out matches nothing, so the service refuses it as stale.
    """
    named = body.pop("version", None)
    header = request.headers.get("If-Match", "").strip()
    if not header or header == "*":
        return named
    match = _TAG.match(header)
    return int(match[1]) if match else NEVER
