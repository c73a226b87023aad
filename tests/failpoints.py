"""MongoDB's own failpoints: the server fails commands of this process, a set number of times."""

import fcntl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection


@contextmanager
def fail_command(*commands: str, times: int, **data: Any) -> Iterator[Callable[[], int]]:
    """Fail the next ``times`` of ``commands``: ``errorCode=…``, ``closeConnection=True``, ``errorLabels=…``.

    Yields a function that tells how often the failpoint was hit. It concerns
    only clients of this process, by the name that they give the server.
    """
    with _alone():
        yield from _failing(commands, times, data)


@contextmanager
def _alone() -> Iterator[None]:
    """A server has one such failpoint, and tests may run side by side: they take turns."""
    with (Path(tempfile.gettempdir()) / "switchboard-failpoint.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _failing(
    commands: tuple[str, ...], times: int, data: dict[str, Any]
) -> Iterator[Callable[[], int]]:
    admin = connection.connection.admin
    before = _entered(admin)
    admin.command(
        "configureFailPoint", "failCommand", mode={"times": times},
        data={"failCommands": list(commands), "appName": _own_name(), **data},
    )  # fmt: skip
    try:
        yield lambda: _entered(admin) - before
    finally:
        admin.command("configureFailPoint", "failCommand", mode="off")


def _own_name() -> str:
    return str(connection.settings_dict["OPTIONS"]["appname"])


def _entered(admin: Any) -> int:
    answer = admin.command("configureFailPoint", "failCommand", mode="off")
    return int(answer["count"])
