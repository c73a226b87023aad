"""Starting the load generator and reading what it found."""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any, Self

from kernel.dev.layout import ROOT
from kernel.dev.ports import HOST, free_ports
from tests.bench.errors import Failed
from tests.bench.generator import Orders

CUSTOMERS = 400
# More than any edge here answers; a loop that runs out of requests ends early, with honest figures.
HEADROOM_PER_S = 15_000


@dataclass(frozen=True)
class Result:
    """Times are seconds of the monotonic clock; rates and percentiles are after the warming-up."""

    sent: int
    answered: int
    statuses: dict[str, int]
    first: float
    last: float
    per_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    cpu_s: float

    @property
    def refused(self) -> int:
        """How many were not answered with 200."""
        return self.sent - self.statuses.get("200", 0)

    @property
    def own_share(self) -> float:
        """The part of one core that the generator itself used."""
        return self.cpu_s / max(self.last - self.first, 0.001)


class Load:
    """A generator at work. ``started`` is when its first request left."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.generator"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdin
        self._process.stdin.write(json.dumps(asdict(orders)))
        self._process.stdin.close()
        self.started: float = self._line()["started"]

    def is_running(self) -> bool:
        return self._process.poll() is None

    def finish(self) -> Result:
        """Wait for the last answer. Raises ``Failed`` if webhooks were not answered with 200."""
        result = Result(**self._line())
        self._process.wait(30)
        if result.refused:
            raise Failed(f"{result.refused} of {result.sent} webhooks refused: {result.statuses}")
        return result

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise Failed(f"the load generator ended with {self._process.wait(10)}")
        document: dict[str, Any] = json.loads(line)
        return document


def enough(seconds: float) -> int:
    """How many requests to sign so that a closed loop never runs out of them."""
    return int(HEADROOM_PER_S * seconds)


class Ceiling:
    """A server that only answers, to learn what the generator can do."""

    def __init__(self) -> None:
        [self.port] = free_ports(1)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.ceiling", str(self.port)],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout
        self._process.stdout.readline()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(10)


def measure_ceiling(connections: int, seconds: float) -> Result:
    """The generator against the server that only answers."""
    with Ceiling() as server:
        orders = Orders(
            host=HOST, port=server.port, path="/webhooks/meta", secret="ceiling",
            numbers=("1",), customers=CUSTOMERS, run="ceiling", connections=connections,
            count=int(60_000 * seconds), seconds=seconds, warm_s=seconds / 5,
        )  # fmt: skip
        return Load(orders).finish()
