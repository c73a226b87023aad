"""What happens to people's sign-in, told to whoever wants to keep it.

Each is a log line. Apps above may listen, for instance to write it into the audit log of the
tenants that a person belongs to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

log = structlog.get_logger(agentName="auth")


@dataclass(frozen=True)
class Happening:
    """One fact. ``name`` is ``noun.verb``; ``user_id`` is empty where no account has the address.

    ``detail`` is a kind (``totp``, ``password``), never a value.
    """

    name: str
    user_id: str
    ip: str = ""
    request_id: str = ""
    detail: str = ""


Listener = Callable[[Happening], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Hear of every happening; for ``AppConfig.ready``. What a listener raises fails the request."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell(name: str, user_id: str, request: Any = None, *, detail: str = "") -> None:
    """Log a happening and tell the listeners."""
    happening = Happening(
        name, user_id, getattr(request, "client_ip", ""), getattr(request, "request_id", ""), detail
    )
    log.info(name, user_id=user_id, ip=happening.ip, detail=detail)
    for listener in _listeners:
        listener(happening)
