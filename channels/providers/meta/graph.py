"""Calls to Meta's Graph API for one channel: address, authorisation, one deadline, errors."""

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from channels.providers.contract import (
    Accepted,
    ChannelBroken,
    Credentials,
    Endpoint,
    Outcome,
    Transient,
    Unknown,
)
from channels.providers.contract import NotSent as NotSentOutcome
from channels.providers.meta.access import as_object
from channels.providers.meta.classify import Classifier, retry_after_seconds
from channels.providers.meta.proof import judged, signed
from kernel import egress

Json = dict[str, Any]

USER_AGENT = "Switchboard/1"
FILE_HOSTS = (".fbsbx.com", ".facebook.com", ".fbcdn.net", ".cdninstagram.com", ".instagram.com")
"""Where Meta serves files from; no other host is asked, whatever address an answer names."""

_MAX_ANSWER = 1_000_000
_SHORTEST_CALL = 0.05


class Operation:
    """The calls of one client method; together they take at most ``Endpoint.timeout_s``."""

    def __init__(self, credentials: Credentials, endpoint: Endpoint, *, has_proof: bool) -> None:
        self._credentials = credentials
        self._endpoint = endpoint
        self._has_proof = has_proof
        self._deadline = time.monotonic() + endpoint.timeout_s

    def call(
        self,
        method: str,
        *path: str,
        params: Mapping[str, str] | None = None,
        bearer: str = "",
        is_versioned: bool = True,
        is_signed: bool = True,
        **body: Any,
    ) -> egress.Response:
        """Return the API's answer, whatever its status. Raises `egress.EgressError`.

        ``path`` are the segments after the version. ``body`` is egress's ``json``, or ``data``
        and ``files``. ``bearer`` stands in for the channel's token (an app token); a call that is
        not ``is_signed`` carries none, because its parameters say who asks.
        """
        segments = [self._endpoint.version, *path] if is_versioned else path
        url = "/".join(
            [self._endpoint.base_url.rstrip("/"), *(quote(s, safe="") for s in segments)]
        )
        token = bearer or self._credentials.access_token

        def ask(proof: Mapping[str, str]) -> egress.Response:
            return egress.request(
                method,
                url,
                params={**(params or {}), **proof},
                headers=_headers(token if is_signed else ""),
                timeout_s=self._left(),
                max_bytes=_MAX_ANSWER,
                **body,
            )

        has_proof = is_signed and self._has_proof
        return signed(self._credentials, token, ask) if has_proof else ask({})

    def fetch(self, url: str, *, max_bytes: int, with_token: bool) -> egress.Response:
        """Return the answer of a file's address. Raises `egress.EgressError`.

        Raises `egress.Blocked` for a host that is neither Meta's nor the endpoint's own.
        """
        if not self._is_metas(url):
            raise egress.Blocked()
        headers = _headers(self._credentials.access_token if with_token else "")
        return egress.request(
            "GET", url, headers=headers, timeout_s=self._left(), max_bytes=max_bytes
        )

    def _is_metas(self, url: str) -> bool:
        try:
            target, ours = urlsplit(url), urlsplit(self._endpoint.base_url)
        except ValueError:
            return False
        host = target.hostname or ""
        if host == ours.hostname:
            return target.scheme == ours.scheme
        return target.scheme == "https" and host.endswith(FILE_HOSTS)

    def _left(self) -> float:
        seconds = self._deadline - time.monotonic()
        if seconds < _SHORTEST_CALL:
            raise egress.NotSent("connect_timeout")
        return seconds


def _headers(token: str) -> dict[str, str]:
    signed = {"Authorization": f"Bearer {token}"} if token else {}
    return {"User-Agent": USER_AGENT, **signed}


class Graph:
    """What one channel asks of the Graph API, with its failures told as outcomes."""

    def __init__(
        self,
        credentials: Credentials,
        endpoint: Endpoint,
        classifier: Classifier,
        *,
        has_proof: bool = True,
        operation: Operation | None = None,
    ) -> None:
        self.credentials = credentials
        self._endpoint = endpoint
        self._classifier = classifier
        self._has_proof = has_proof
        self._operation = operation

    def operation(self) -> Operation:
        """Return the operation that a call belongs to, a new one unless they share theirs."""
        if self._operation is not None:
            return self._operation
        return Operation(self.credentials, self._endpoint, has_proof=self._has_proof)

    def as_one(self) -> "Graph":
        """Return the same, with one deadline from now on for all calls together."""
        return Graph(
            self.credentials,
            self._endpoint,
            self._classifier,
            has_proof=self._has_proof,
            operation=self.operation(),
        )

    def send(self, *path: str, body: Json) -> egress.Response | Outcome:
        """POST what must not be repeated: `Unknown` where it may have been taken."""
        if broken := self.token_refusal():
            return broken
        try:
            response = self.operation().call("POST", *path, json=body)
        except egress.NotSent as error:
            return NotSentOutcome(reason=error.reason)
        except egress.Ambiguous as error:
            return Unknown(reason=error.reason)
        return response if response.ok else self.refusal(response)

    def attempt(
        self, call: Callable[[], egress.Response], *, is_signed: bool = True
    ) -> egress.Response | Outcome:
        """Return a 2xx answer, or the outcome of a repeatable call that failed."""
        if is_signed and (broken := self.token_refusal()):
            return broken
        try:
            response = call()
        except egress.EgressError as error:
            return repeatable(error)
        return response if response.ok else repeatable(self.refusal(response))

    def read(self, *path: str, **params: str) -> Json | Outcome:
        """GET an object; anything else in its place is no answer."""
        response = self.attempt(lambda: self.operation().call("GET", *path, params=params))
        if not isinstance(response, egress.Response):
            return response
        return read_json(response) or Transient(code=0, title="no usable answer (no object)")

    def write(self, method: str, *path: str, is_signed: bool = True, **body: Any) -> Json | Outcome:
        """Make a change that may be made twice, and return the answer's object."""
        response = self.attempt(
            lambda: self.operation().call(method, *path, is_signed=is_signed, **body),
            is_signed=is_signed,
        )
        return read_json(response) if isinstance(response, egress.Response) else response

    def confirm(self, subject: str, method: str, *path: str, **body: Any) -> Outcome:
        """Make a change that is answered with ``{"success": true}`` and may be made twice."""
        answer = self.write(method, *path, **body)
        if not isinstance(answer, dict):
            return answer
        if answer.get("success") is True or answer.get("result") == "success":
            return Accepted(external_id=subject)
        return Transient(code=0, title="no usable answer (no success)")

    def refusal(self, response: egress.Response) -> Outcome:
        """Return the outcome that an answer other than 2xx stands for."""
        outcome = self._classifier.outcome(
            response.status,
            as_object(read_json(response), "error"),
            retry_after=retry_after_seconds(response.headers.get("Retry-After", "")),
            usage_headers=response.headers,
        )
        return judged(outcome, response, self.credentials)

    def token_refusal(self) -> ChannelBroken | None:
        """Return why a token cannot even be put in a header (pasted with a line break), or None."""
        token = self.credentials.access_token
        if token and token.isascii() and token.isprintable() and " " not in token:
            return None
        advice = self._classifier.reconnect
        return ChannelBroken(code=190, title="The access token is malformed", advice=advice)


def read_json(response: egress.Response) -> Json:
    """Return the answer's object; an empty one for any other body."""
    try:
        value = response.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def repeatable(failure: Outcome | egress.EgressError) -> Outcome:
    """Return the outcome of a failed call that may be made twice: nothing stays unknown."""
    if isinstance(failure, egress.NotSent):
        return NotSentOutcome(reason=failure.reason)
    if isinstance(failure, egress.EgressError | Unknown):
        return Transient(code=0, title=f"no usable answer ({failure.reason})")
    return failure
