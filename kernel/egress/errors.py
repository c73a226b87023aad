"""How a request can fail, told by what the other side may have seen."""

from typing import Literal, get_args

Reason = Literal[
    "blocked",  # the address, port, scheme or form of the URL is not permitted
    "dns",  # no such name, or the lookup took too long
    "refused",  # no connection: refused, unreachable, reset while connecting
    "connect_timeout",
    "tls",  # handshake failed, certificate not valid for the name
    "not_written",  # connected, and at least one byte of the request did not leave
    "timeout",  # written, and the whole answer did not come in time
    "reset",  # written, and the connection ended without an answer
    "malformed",  # written, and what came back is not an HTTP answer
    "too_large",  # written, and the answer passes the cap
]
REASONS: tuple[str, ...] = get_args(Reason)


class EgressError(Exception):
    """The request has no usable answer. `reason` is one of `REASONS`, for logs and decisions.

    The text names neither address nor URL, so that it can be logged. Show customers
    `public_reason` instead of `reason`: it does not tell a name that does not exist from a name
    that leads inside, which would make the door an oracle for the internal network.
    """

    def __init__(self, reason: Reason, *, status: int | None = None) -> None:
        self.reason: Reason = reason
        self.status = status
        super().__init__(reason)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.reason, self.status)

    @property
    def public_reason(self) -> str:
        """The reason as it may be shown to whoever chose the URL."""
        return "unusable_address" if self.reason in ("blocked", "dns") else self.reason


class NotSent(EgressError):
    """The other side cannot have received the whole request. Trying again is safe."""


class Blocked(NotSent):
    """Refused by our own rules before anything left. Trying again is safe and useless."""

    def __init__(self, reason: Reason = "blocked", *, status: int | None = None) -> None:
        super().__init__(reason, status=status)


class Ambiguous(EgressError):
    """The whole request left and no usable answer came: it may or may not have taken effect.

    `status` is the answer's status where its first line did arrive.
    """


def _rebuild(kind: type[EgressError], reason: Reason, status: int | None) -> EgressError:
    return kind(reason, status=status)
