"""Two real web servers share one bucket: with Redis, and each its part without; reliability, row 54."""

import http.client
import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from kernel.dev.ports import HOST, free_ports
from kernel.dev.processes import granian
from tests import factories
from tests.servers import await_port, start

RATE, BURST_S, ASKED, AT_ONCE = 4, 10, 200, 25
NOBODY = "redis://127.0.0.1:9/0"


@contextmanager
def two_servers(folder: Path, **env: str) -> Iterator[list[int]]:
    """Their ports, each with one worker, as two machines behind one proxy would be."""
    ports = free_ports(2)
    env = {**os.environ, "SWITCHBOARD_RATE_ADDRESS": str(RATE), "SWITCHBOARD_PROXIES": "1",
           "SWITCHBOARD_WEB_PROCESSES": "2", **env}  # fmt: skip
    with ExitStack() as stack, (folder / "web.log").open("wb") as output:
        for port in ports:
            command = (*granian("wsgi", "config.wsgi:application", port), "--blocking-threads", "8")
            start(stack, command, env, output)
        for port in ports:
            await_port(port)
        yield ports


def asked_at_once(ports: list[int], address: str) -> tuple[Counter[int], float, list[str | None]]:
    """Of a stranger's requests to both: the statuses, the seconds they took, the ``Retry-After`` of refusals."""

    def ask(n: int) -> tuple[int, str | None]:
        connection = http.client.HTTPConnection(HOST, ports[n % 2], timeout=30)
        forged = {"X-Forwarded-For": f"203.0.113.{n}, {address}", "Authorization": "Bearer guess"}
        connection.request("GET", "/api/v1/me", headers=forged)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, answer.getheader("Retry-After")

    started = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(ask, range(ASKED)))
    waits = [wait for status, wait in answers if status == 429]
    return Counter(status for status, _ in answers), time.monotonic() - started, waits


def own_address() -> str:
    number = factories.digits(3)
    return f"198.18.{number[0]}.{number[1:]}"


@pytest.mark.parametrize("redis", ["there", "away"])
def test_of_two_hundred_at_once_over_two_web_servers_no_more_than_the_bucket_gets_through(
    redis: str, tmp_path: Path
) -> None:
    env = {"REDIS_URL": NOBODY} if redis == "away" else {}
    with two_servers(tmp_path, **env) as ports:
        statuses, seconds, waits = asked_at_once(ports, own_address())
    assert set(statuses) == {401, 429}, statuses
    whole = RATE * BURST_S
    assert whole <= statuses[401] <= whole + RATE * seconds, (statuses, seconds)
    assert all(wait is not None and int(wait) >= 1 for wait in waits)
