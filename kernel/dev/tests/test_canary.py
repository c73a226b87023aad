"""Workers that are alive and take no work are found by their canaries, and only they."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from kernel.dev import canary
from kernel.dev.canary import CanaryWatch, all_overdue, parse_ages
from kernel.dev.console import Console
from kernel.dev.declaration import Process, Tier
from kernel.dev.processes import WORKER_CLASSES, beat, worker
from kernel.dev.supervisor import Supervisor
from kernel.dev.tests.dummies import STEADY, dummy, pids, supervised

INBOUND = worker(WORKER_CLASSES[0])


class Web(BaseHTTPRequestHandler):
    """Answers what the web answers while nobody consumes `inbound`."""

    def do_GET(self) -> None:
        body = json.dumps({"queues": {"inbound": 46.0}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.mark.parametrize(
    ("ages", "overdue"),
    [
        ({"inbound": 46.0}, True),
        ({"inbound": 45.0}, False),
        ({}, False),
        ({"outbound": 300.0}, False),
    ],
)
def test_a_queue_is_overdue_when_its_canary_is_known_and_old(
    ages: dict[str, float], overdue: bool
) -> None:
    assert all_overdue(INBOUND.canaries, ages) is overdue


def test_a_process_that_serves_one_of_its_queues_is_not_wedged() -> None:
    outbound = worker(WORKER_CLASSES[1])
    assert not all_overdue(outbound.canaries, {"outbound": 99, "default": 3})
    assert all_overdue(outbound.canaries, {"outbound": 99, "default": 99})


def test_beat_is_wedged_when_no_queue_gets_canaries(tmp_path: Path) -> None:
    from_all = dict.fromkeys(["inbound", "outbound", "default"], 99.0)
    clock = beat(supervised(tmp_path)[2])
    assert all_overdue(clock.canaries, from_all)
    assert not all_overdue(clock.canaries, {**from_all, "default": 1.0})


def test_processes_without_a_canary_are_never_overdue() -> None:
    assert not all_overdue((), {"inbound": 99})


@pytest.mark.parametrize(
    "document", [None, [], "x", {"queues": None}, {"queues": {"inbound": None}}, {"queues": []}]
)
def test_an_answer_without_ages_says_nothing(document: object) -> None:
    assert parse_ages(document) == {}


def test_nobody_is_overdue_while_the_broker_is_away_and_a_while_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(canary, "ASK_EVERY", 0.01)
    monkeypatch.setattr(canary, "OVERDUE_AFTER", 1.0)
    monkeypatch.setattr(canary, "http_json", lambda _: {"queues": {"inbound": 99.0}})
    answers = iter([False])
    watch = CanaryWatch("", lambda _: next(answers, True))

    def overdue() -> bool:
        time.sleep(0.01)
        return watch.is_overdue(INBOUND, age=99.0)

    watch.start()
    try:
        assert not any(overdue() for _ in range(5))
        assert any(overdue() for _ in range(500))
    finally:
        watch.stop()


def test_a_wedged_worker_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "ASK_EVERY", 0.05)
    monkeypatch.setattr(canary, "YOUNGEST_RESTARTED", 0.5)
    _, output, data = supervised(tmp_path)
    server = HTTPServer(("127.0.0.1", 0), Web)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    watch = CanaryWatch(f"http://127.0.0.1:{server.server_port}/health/canaries")
    watch.start()
    plain = dummy("one", STEADY)
    wedged = Process("one", plain.command, Tier.WORKER, plain.ready, canaries=("inbound",))
    supervisor = Supervisor(env={}, folder=data, console=Console(output, ["one"]), canaries=watch)
    try:
        supervisor.start(wedged)
        supervisor.wait_ready(wedged, timeout=10)
        first = pids(data)["one"]
        assert supervisor.wait_until(lambda: pids(data).get("one", first) != first, timeout=10)
    finally:
        watch.stop()
        supervisor.stop()
        server.shutdown()
        server.server_close()
    assert "one takes no work from its queues; starting it again" in output.getvalue()
