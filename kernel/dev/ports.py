"""Which port each process listens on, and whether it is free."""

import random
import socket
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from kernel.dev.errors import CannotStart

HOST = "127.0.0.1"
# Below the range from which Linux takes the local ports of outgoing connections (32768 and up),
# so that no client connection can take a port between choosing it and listening on it.
FREE_PORTS = range(20000, 32000)
# Below need a privileged process; the last leaves room to count up.
FIRST_PORTS = range(1024, 65531)


@dataclass(frozen=True)
class Ports:
    """One port for each listener, counted up from the web's in this order."""

    web: int
    edge: int
    stream: int
    simulator: int
    mongod: int
    redis: int

    @classmethod
    def counted_from(cls, first: int) -> "Ports":
        """Web on `first`, the others on the next ports; refuses what cannot be listened on."""
        if first not in FIRST_PORTS:
            raise CannotStart(
                f"PORT={first} is out of range: choose one from {FIRST_PORTS[0]} "
                f"to {FIRST_PORTS[-1]}."
            )
        return cls(*range(first, first + 6))

    @classmethod
    def free(cls) -> "Ports":
        """Six ports on which nothing listens now, for a run of tests."""
        return cls(*free_ports(6))


def free_ports(count: int) -> list[int]:
    """`count` different ports without a listener, chosen at random so that runs do not collide."""
    found: list[int] = []
    for port in random.sample(FREE_PORTS, len(FREE_PORTS)):
        if is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise CannotStart(f"No {count} free ports between {FREE_PORTS.start} and {FREE_PORTS.stop}.")


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket() as probe:
        # Without this, connections that a stopped server left in TIME_WAIT would count as busy.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def require_free(ports: Ports, *, without: Iterable[str] = ()) -> None:
    """Raise `CannotStart` naming every busy port, except those of the names in `without`."""
    skipped = set(without)
    busy = [
        f"{port} ({name})"
        for name, port in asdict(ports).items()
        if name not in skipped and not is_free(port)
    ]
    if busy:
        noun = "Port" if len(busy) == 1 else "Ports"
        raise CannotStart(
            f"{noun} {', '.join(busy)} already in use on {HOST}. Stop the program that listens "
            f"there, or count from another port: make run PORT={ports.web + 100}"
        )
