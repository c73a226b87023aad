"""Calls to Meta's Graph API for one channel: address, authorisation, one deadline, errors."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from channels.providers.contract import (
    ChannelBroken,
    Credentials,
    Endpoint,
    Outcome,
    Rejected,
    Transient,
    Unknown,
)
from channels.providers.contract import NotSent as NotSentOutcome
from channels.providers.meta.proof import signed
from channels.providers.whatsapp.access import as_object
from channels.providers.whatsapp.classify import classify, retry_after_seconds
from channels.providers.whatsapp.errors import RECONNECT
from kernel import egress

Json = dict[str, Any]

USER_AGENT = "Switchboard/1"
_MAX_ANSWER = 1_000_000
_SHORTEST_CALL = 0.05
_IN_A_PATH = ":="  # an upload's session has them in its id
# The token goes to Meta's own file hosts only, whatever address a metadata answer names.
_FILE_HOSTS = (".fbsbx.com", ".facebook.com", ".fbcdn.net", ".whatsapp.net", ".whatsapp.com")


class Operation:
    """The calls of one client method; together they take at most ``Endpoint.timeout_s``."""

    def __init__(self, credentials: Credentials, endpoint: Endpoint) -> None:
        self._credentials = credentials
        self._endpoint = endpoint
        self._deadline = time.monotonic() + endpoint.timeout_s

    def call(
        self,
        method: str,
        *path: str,
        params: Mapping[str, str] | None = None,
        bearer: str = "",
        scheme: str = "Bearer",
        headers: Mapping[str, str] | None = None,
        **body: Any,
    ) -> egress.Response:
        """Return the API's answer, whatever its status. Raises `egress.EgressError`.

        ``path`` are the segments after the version. ``body`` is egress's ``json``, or ``data``
        and ``files``. ``bearer`` stands in for the channel's token (an app token); ``headers``
        go beside it.
        """
        segments = [self._endpoint.version, *path]
        url = "/".join(
            [self._endpoint.base_url.rstrip("/"), *(quote(s, safe=_IN_A_PATH) for s in segments)]
        )
        token = bearer or self._credentials.access_token

        def ask(proof: Mapping[str, str]) -> egress.Response:
            return egress.request(
                method,
                url,
                params={**(params or {}), **proof},
                headers={**_headers(token, scheme), **(headers or {})},
                timeout_s=self._left(),
                max_bytes=_MAX_ANSWER,
                **body,
            )

        return signed(self._credentials, token, ask)

    def fetch(self, url: str, *, max_bytes: int) -> egress.Response:
        """Return the answer of a file's address. Raises `egress.EgressError`.

        Raises `egress.Blocked` for a host that is neither Meta's nor the endpoint's own.
        """
        if not self._may_see_token(url):
            raise egress.Blocked()
        headers = _headers(self._credentials.access_token)
        return egress.request(
            "GET", url, headers=headers, timeout_s=self._left(), max_bytes=max_bytes
        )

    def _may_see_token(self, url: str) -> bool:
        try:
            target, ours = urlsplit(url), urlsplit(self._endpoint.base_url)
        except ValueError:
            return False
        host = target.hostname or ""
        if host == ours.hostname:
            return target.scheme == ours.scheme
        return target.scheme == "https" and host.endswith(_FILE_HOSTS)

    def _left(self) -> float:
        seconds = self._deadline - time.monotonic()
        if seconds < _SHORTEST_CALL:
            raise egress.NotSent("connect_timeout")
        return seconds


def _headers(token: str, scheme: str = "Bearer") -> dict[str, str]:
    return {"Authorization": f"{scheme} {token}", "User-Agent": USER_AGENT}


def no_id(subject: str) -> Rejected:
    """Return that an id, without which a call has no address, was never set."""
    return Rejected(
        code=0, title=f"The {subject}'s id is not set", advice="Connect the channel with its ids."
    )


def token_refusal(token: str) -> ChannelBroken | None:
    """Return why a token cannot even be put in a header (pasted with a line break), or None."""
    if token and token.isascii() and token.isprintable() and " " not in token:
        return None
    return ChannelBroken(code=190, title="The access token is malformed", advice=RECONNECT)


def read_json(response: egress.Response) -> Json:
    """Return the answer's object; an empty one for any other body."""
    try:
        value = response.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def refusal(response: egress.Response) -> Outcome:
    """Return the outcome that an answer other than 2xx stands for."""
    return classify(
        response.status,
        as_object(read_json(response), "error"),
        retry_after=retry_after_seconds(response.headers.get("Retry-After", "")),
        usage_headers=response.headers,
    )


def repeatable(failure: Outcome | egress.EgressError) -> Outcome:
    """Return the outcome of a failed call that may be made twice: nothing stays unknown."""
    if isinstance(failure, egress.NotSent):
        return NotSentOutcome(reason=failure.reason)
    if isinstance(failure, egress.EgressError | Unknown):
        return Transient(code=0, title=f"no usable answer ({failure.reason})")
    return failure
