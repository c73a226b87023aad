"""The supervisor: starts, restarts, tells, and stops without leaving anything behind."""

import os
import signal
from pathlib import Path

import pytest

from kernel.dev.declaration import Tier
from kernel.dev.errors import CannotStart, StopRequested
from kernel.dev.tests.dummies import (
    FAILING,
    STEADY,
    STUBBORN,
    WITH_POOL,
    alive,
    dummy,
    eventually,
    pids,
    supervised,
)


def test_started_processes_are_ready_and_written_down(tmp_path: Path) -> None:
    supervisor, output, data = supervised(tmp_path)
    one, two = dummy("one", STEADY), dummy("two", STEADY)
    try:
        supervisor.start(one, two)
        supervisor.wait_ready(one, two, timeout=10)
        running = pids(data)
        assert sorted(running) == ["one", "two"]
        assert all(os.getpgid(pid) == pid for pid in running.values())
    finally:
        supervisor.stop()
    assert not any(alive(pid) for pid in running.values())
    assert pids(data) == {}
    assert "one         | up" in output.getvalue()
    assert data.log("one").read_text() == "up\ntold to end\n"


def test_a_killed_process_comes_back_and_its_pool_is_gone(tmp_path: Path) -> None:
    supervisor, output, data = supervised(tmp_path)
    one = dummy("one", WITH_POOL)
    try:
        supervisor.start(one)
        supervisor.wait_ready(one, timeout=10)
        first = pids(data)["one"]
        pool = int(data.log("one").read_text().split()[1])
        assert alive(pool)
        os.kill(first, signal.SIGKILL)
        assert supervisor.wait_until(lambda: pids(data).get("one", first) != first, timeout=5)
        supervisor.wait_ready(one, timeout=10)
        assert not alive(pool)
        assert "one ended (killed by SIGKILL); starting it again in 0.5 s" in output.getvalue()
    finally:
        supervisor.stop()


def test_a_process_that_cannot_start_is_given_up_with_its_last_words(tmp_path: Path) -> None:
    supervisor, output, _ = supervised(tmp_path)
    one = dummy("one", FAILING)
    try:
        supervisor.start(one)
        with pytest.raises(CannotStart, match="one ended 3 times while starting") as caught:
            supervisor.wait_ready(one, timeout=20)
    finally:
        supervisor.stop()
    assert "exit code 3" in str(caught.value)
    assert "  the reason" in str(caught.value)
    assert "in 0.5 s" in output.getvalue()
    assert "in 1 s" in output.getvalue()


def test_a_process_that_is_late_is_named(tmp_path: Path) -> None:
    supervisor, _, _ = supervised(tmp_path)
    late = dummy("late", "import time; print('thinking', flush=True); time.sleep(60)")
    try:
        supervisor.start(late)
        with pytest.raises(CannotStart, match="late did not become ready within 1 s") as caught:
            supervisor.wait_ready(late, timeout=1)
    finally:
        supervisor.stop()
    assert "  thinking" in str(caught.value)


def test_stopping_goes_backwards_through_the_tiers(tmp_path: Path) -> None:
    supervisor, output, _ = supervised(tmp_path)
    base = dummy("base", STEADY, Tier.DATABASE)
    work = dummy("work", STEADY, Tier.WORKER)
    door = dummy("door", STEADY, Tier.DOOR)
    supervisor.start(base, work, door)
    supervisor.wait_ready(base, work, door, timeout=10)
    supervisor.stop()
    ends = [line for line in output.getvalue().splitlines() if line.endswith("told to end")]
    assert [line.split()[0] for line in ends] == ["door", "work", "base"]


def test_what_ignores_the_request_to_stop_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.dev.supervisor.GRACE", 0.3)
    supervisor, _, data = supervised(tmp_path)
    stubborn = dummy("stubborn", STUBBORN)
    supervisor.start(stubborn)
    supervisor.wait_ready(stubborn, timeout=10)
    pid = pids(data)["stubborn"]
    supervisor.stop()
    assert eventually(lambda: not alive(pid))


def test_a_failing_command_stops_the_start_with_its_output(tmp_path: Path) -> None:
    supervisor, _, _ = supervised(tmp_path)
    try:
        good, bad = supervisor.begin_once(dummy("good", "print('done')")), dummy("bad", FAILING)
        supervisor.finish(good, timeout=10)
        with pytest.raises(CannotStart, match=r"bad failed \(exit code 3\)"):
            supervisor.finish(supervisor.begin_once(bad), timeout=10)
    finally:
        supervisor.stop()


def test_a_signal_while_waiting_ends_the_wait(tmp_path: Path) -> None:
    supervisor, _, _ = supervised(tmp_path)
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    hangup = signal.getsignal(signal.SIGHUP)
    supervisor.handle_signals()
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(StopRequested):
            supervisor.wait_until(lambda: False, timeout=5)
    finally:
        supervisor.stop()
        for signum, handler in [*before.items(), (signal.SIGHUP, hangup)]:
            signal.signal(signum, handler)
