"""Caddy with the deployment's own file, and behind it the product's servers with applications that take notes."""

import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kernel.dev.layout import ROOT
from kernel.dev.ports import free_ports
from kernel.dev.processes import HOST, granian
from tests.probes.conftest import figure
from tests.servers import await_port, start

__all__ = ["figure"]

ANSWER_S = 3.0


@dataclass(frozen=True)
class Door:
    """The open door: what it is asked, what comes through, what it writes into its log."""

    port: int
    recorded: Path
    log: Path

    def send(self, raw: bytes, *, within_s: float = ANSWER_S) -> bytes:
        """All that is answered on one connection to these bytes, until it ends or is silent."""
        with socket.create_connection((HOST, self.port), timeout=within_s) as connection:
            connection.sendall(raw)
            answer = b""
            # Silence ends it as well as the server's end does.
            with suppress(TimeoutError, ConnectionResetError):
                while piece := connection.recv(65_536):
                    answer += piece
        return answer

    def seen(self) -> list[dict[str, Any]]:
        """The requests that came through since this was last asked."""
        lines = self.recorded.read_text(encoding="utf-8").splitlines()
        self.recorded.write_text("", encoding="utf-8")
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    caddy, folder = shutil.which("caddy"), tmp_path_factory.mktemp("proxy")
    if caddy is None:
        pytest.skip("Caddy is not installed (the Debian package `caddy` has it)")
    recorded, log = folder / "recorded.jsonl", folder / "caddy.log"
    recorded.touch()
    web, edge, front = free_ports(3)
    configuration = folder / "Caddyfile"
    configuration.write_text(_for_one_machine(web, edge), encoding="utf-8")
    env = {**os.environ, "RECORDED": str(recorded), "XDG_DATA_HOME": str(folder),
           "XDG_CONFIG_HOME": str(folder), "SWITCHBOARD_DOMAIN": f"http://crm.example.com:{front}"}  # fmt: skip
    run = (caddy, "run", "--adapter", "caddyfile", "--config", str(configuration))
    with ExitStack() as stack, log.open("wb") as output:
        for command, port in (
            (granian("wsgi", "tests.proxy.recorder:web", web), web),
            (granian("asgi", "tests.proxy.recorder:edge", edge), edge),
            (run, front),
        ):
            start(stack, command, env, output)
            await_port(port)
        yield Door(front, recorded, log)


def _for_one_machine(web: int, edge: int) -> str:
    """The deployment's file with this machine's addresses, and without a port for administration."""
    text = (ROOT / "docs" / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    for name, port in (("web", web), ("edge", edge), ("stream", edge)):
        assert f"reverse_proxy {name}:8000" in text
        text = text.replace(f"reverse_proxy {name}:8000", f"reverse_proxy {HOST}:{port}")
    return text.replace("\n{\n", "\n{\n\tadmin off\n", 1)
