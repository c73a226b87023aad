"""`request`: resolve, check, connect to what was checked, write, read, within one deadline."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from kernel.egress.addresses import AllowList, Choice, choose, configured_allow
from kernel.egress.answer import Response, read_answer
from kernel.egress.errors import Ambiguous, NotSent
from kernel.egress.message import Files, Form, compose_request
from kernel.egress.pool import POOL, Key
from kernel.egress.resolver import RESOLVER
from kernel.egress.target import Params, Target, parse_target
from kernel.egress.wire import Deadline, Wire, connect

# Host name to addresses as text; raises `OSError` when there are none.
Resolver = Callable[[str], Sequence[str]]


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Params | None = None,
    json: object | None = None,
    data: bytes | str | Form | None = None,
    files: Files | None = None,
    timeout_s: float = 20.0,
    connect_s: float = 3.0,
    max_bytes: int = 1_000_000,
    allow: AllowList | Iterable[str] | None = None,
    resolver: Resolver | None = None,
) -> Response:
    """Send one request and return the whole answer, whatever its status.

    `timeout_s` is wall-clock time for everything from the lookup to the last byte; `connect_s`
    bounds the lookup, and then the connection with its handshake. `max_bytes` caps the body
    before and after decompression. `files` maps a field to `(file name, bytes, media type)`
    and goes with form fields in `data`. `allow` replaces the deployment's allow-list; give
    `NOTHING` for URLs that a customer chose. No redirect is followed.

    Raises `Blocked` or `NotSent` when the request cannot have taken effect, `Ambiguous` when it
    may have, and `ValueError` for a call that makes no request (two bodies, a bad header).
    """
    deadline = Deadline(timeout_s)
    target = parse_target(url, params)
    message = compose_request(method, target, headers=headers, json=json, data=data, files=files)
    choice = choose(target.host, _lookup(target, resolver, min(connect_s, timeout_s)), _read(allow))
    target.check(choice)
    return _Exchange(method, target, choice, message, deadline, connect_s, max_bytes).run()


def _read(allow: AllowList | Iterable[str] | None) -> AllowList:
    if allow is None:
        return configured_allow()
    return allow if isinstance(allow, AllowList) else AllowList.parse(allow)


def _lookup(target: Target, resolver: Resolver | None, timeout_s: float) -> Sequence[str]:
    if target.is_address:
        return (target.host,)
    if resolver is None:
        return RESOLVER.lookup(target.host, timeout_s)
    try:
        return resolver(target.host)
    except OSError:
        raise NotSent("dns") from None


class _Exchange:
    """One request on its way, over a kept connection where there is one."""

    def __init__(
        self,
        method: str,
        target: Target,
        choice: Choice,
        message: bytes,
        deadline: Deadline,
        connect_s: float,
        max_bytes: int,
    ) -> None:
        self._method = method
        self._target = target
        self._addresses = choice.addresses
        self._message = message
        self._deadline = deadline
        self._connect_s = connect_s
        self._max_bytes = max_bytes

    def run(self) -> Response:
        kept = POOL.take(self._key(str(address)) for address in self._addresses)
        if kept is not None:
            # The server may have hung up while the connection idled. When the request did not
            # leave whole, a new connection may carry it.
            with suppress(NotSent):
                return self._use(*kept)
        return self._use(*self._connect())

    def _key(self, address: str) -> Key:
        return (self._target.scheme, self._target.host, address, self._target.port)

    def _connect(self) -> tuple[Key, Wire]:
        is_tls = self._target.scheme == "https"
        wire, address = connect(
            self._addresses,
            self._target.port,
            tls_name=self._target.host if is_tls else None,
            connect_s=self._connect_s,
            deadline=self._deadline,
        )
        return self._key(str(address)), wire

    def _use(self, key: Key, wire: Wire) -> Response:
        reusable = False
        try:
            # The framing (headers, chunk sizes) may take as much again as the body, and 1 MB.
            wire.begin(self._deadline, 2 * self._max_bytes + 1_000_000)
            was_written = self._write(wire)
            response, reusable = self._read(wire, was_written)
            reusable = reusable and was_written and wire.end()
            return response
        finally:
            if reusable:
                POOL.give(key, wire)
            else:
                wire.close()

    def _write(self, wire: Wire) -> bool:
        try:
            wire.write(self._message)
        except TimeoutError:
            raise NotSent("not_written") from None
        except OSError:
            return False
        return True

    def _read(self, wire: Wire, was_written: bool) -> tuple[Response, bool]:
        try:
            return read_answer(wire, self._method, self._max_bytes)
        except Ambiguous:
            # A server may answer and hang up before it has read a large request (413, 401).
            # Without such an answer, what did not leave whole was not sent.
            if was_written:
                raise
            raise NotSent("not_written") from None
