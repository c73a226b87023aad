"""Items that hurt whoever applies them: a text `poison:<how>` does it while the item is parsed."""

import ctypes
import os
import resource
import signal
import time
from collections.abc import Callable
from typing import Any

from channels.providers.whatsapp.provider import WhatsAppProvider

ROOM = 192 * 2**20


def install() -> None:
    parse = WhatsAppProvider.parse

    def poisoned(self: WhatsAppProvider, body: dict[str, Any]) -> Any:
        said = ((body.get("message") or {}).get("text") or {}).get("body") or ""
        if isinstance(said, str) and said.startswith("poison:"):
            HOW[said.partition(":")[2]]()
        return parse(self, body)

    WhatsAppProvider.parse = poisoned


def fail() -> None:
    raise ValueError("this item cannot be applied")


def hang() -> None:
    time.sleep(3600)


def leave() -> None:
    os._exit(7)


def crash() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.string_at(0)


def devour() -> None:
    """Take memory to a limit and then die as the kernel kills whoever took the last of it."""
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + ROOM, now + ROOM))
    taken = []
    try:
        while True:
            taken.append(bytearray(16 * 2**20))
    except MemoryError:
        os.kill(os.getpid(), signal.SIGKILL)


HOW: dict[str, Callable[[], None]] = {
    "raise": fail, "hang": hang, "exit": leave, "segv": crash, "memory": devour,
}  # fmt: skip
