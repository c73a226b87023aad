"""`python -m channels.simulator.meta --host 127.0.0.1 --port 9000 --config meta.json`"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server

from channels.simulator.meta.app import create_app
from channels.simulator.meta.records import Json
from channels.simulator.meta.settings import BadPatch
from channels.simulator.meta.simulator import Simulator
from channels.simulator.meta.state import State

GRACE_S = 1.0


def read_arguments() -> argparse.Namespace:
    """Host, port, configuration file."""
    parser = argparse.ArgumentParser(prog="python -m channels.simulator.meta", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--public-url", help="how others reach it; http://HOST:PORT by default")
    parser.add_argument("--config", type=Path, help="JSON file; see README.md")
    return parser.parse_args()


def read_state(path: Path | None) -> State:
    """The state of the configuration file. Leaves the program when the file makes no sense."""
    try:
        config: Json = json.loads(path.read_text()) if path else {}
        return State(config)
    except (OSError, ValueError, TypeError, BadPatch) as error:
        sys.exit(f"The configuration {path} cannot be used: {error}")


async def serve(state: State, host: str, port: int, public_url: str) -> None:
    """Serve until SIGTERM or SIGINT. One process: faults need the server's own sockets."""
    simulator = Simulator(state, public_url)
    server = Server(
        create_app(simulator),
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        log_enabled=False,
        websockets=False,
        backlog=1024,
    )
    loop = asyncio.get_running_loop()

    def stop() -> None:
        simulator.close()
        server.stop()  # type: ignore[no-untyped-call]
        # A caller may hold a connection open forever; nothing here is worth waiting for.
        loop.call_later(GRACE_S, os._exit, 0)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    print(f"Meta simulator on http://{host}:{port}", flush=True)
    await server.serve()


def main() -> None:
    """Entry point."""
    arguments = read_arguments()
    host, port = arguments.host, arguments.port
    near = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    public_url = (arguments.public_url or f"http://{near}:{port}").rstrip("/")
    uvloop.run(serve(read_state(arguments.config), host, port, public_url))


if __name__ == "__main__":
    main()
