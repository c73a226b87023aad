"""Ways of asking a process whether it is ready. Each answers within about a second."""

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from kernel.dev.declaration import Probe

# A proxy from the developer's environment must not stand between processes of one machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def http_status(url: str, *, timeout: float = 1.0) -> int | None:
    """The status of a GET, or None when nobody answers in time."""
    try:
        with _OPENER.open(url, timeout=timeout) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, ValueError):
        return None


def http_json(url: str, *, timeout: float = 2.0) -> Any:
    """The JSON document at `url`, or None when there is no valid one in time."""
    try:
        with _OPENER.open(url, timeout=timeout) as response:
            return json.load(response)
    except (OSError, ValueError):
        return None


def answers(url: str) -> Probe:
    """Ready when a GET of `url` answers 200."""

    def probe(_: Sequence[str]) -> bool:
        return http_status(url) == HTTPStatus.OK

    return probe


def printed(text: str) -> Probe:
    """Ready when a line with `text` was printed since the start."""

    def probe(lines: Sequence[str]) -> bool:
        return any(text in line for line in lines)

    return probe
