"""Beat is one of many that pulse: its death, its double and its clock change nothing but latency."""

import contextlib
import itertools
import sys
import threading
import time

import pytest
from celery.signals import worker_ready

from kernel import tasks
from kernel.work import bell

KEYS = ("pulse:sweep", "pulse:checkpoint", "pulse:canary")
ONCE = [("kernel.canary", "default"), ("kernel.canary", "inbound"), ("kernel.canary", "outbound"),
        ("kernel.checkpoint", "default"), ("kernel.sweep", "inbound"), ("kernel.sweep", "outbound")]  # fmt: skip


@pytest.fixture
def sent(monkeypatch):
    """What was published, and a Redis that no other pulse has touched."""
    found = []
    monkeypatch.setattr(
        tasks, "publish", lambda app, task, queue, *a, **o: found.append((task, queue))
    )
    bell.bell_client().delete(*KEYS)
    yield found
    bell.bell_client().delete(*KEYS)


def test_many_that_pulse_at_once_ask_once_in_a_period(sent):
    threads = [threading.Thread(target=tasks.send_pulse) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sent) == ONCE


@pytest.mark.parametrize("hours", [-1, 1, 24 * 180])
def test_a_clock_that_is_wrong_changes_nothing(sent, monkeypatch, hours):
    """Periods are Redis's own time: summer time and a clock an hour off are the same to it."""
    tasks.send_pulse()
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + hours * 3600)
    for _ in range(5):
        tasks.send_pulse()
    assert sorted(sent) == ONCE
    assert 0 < bell.bell_client().pttl("pulse:sweep") <= tasks.SWEEP_MS


@pytest.mark.parametrize("beats", [0, 2])
def test_sweeps_come_once_a_period_with_no_beat_and_with_two(
    sent, monkeypatch, record_property, beats
):
    """Three workers' own timers, at a tenth of the pace; what beats add is no more of them."""
    period_s, pulse_s, seconds = tasks.SWEEP_MS / 10_000, tasks.PULSE_S / 20, 2.0
    times, over = [], threading.Event()
    monkeypatch.setattr(tasks, "publish", lambda app, task, queue, *a, **o: (
        times.append(time.monotonic()) if (task, queue) == ("kernel.sweep", "inbound") else None))  # fmt: skip
    monkeypatch.setattr(tasks, "SWEEP_MS", int(period_s * 1000))
    monkeypatch.setattr(tasks, "PULSE_S", pulse_s)
    real = tasks.send_pulse
    monkeypatch.setattr(tasks, "send_pulse", lambda: sys.exit() if over.is_set() else real())

    def work():
        with contextlib.suppress(SystemExit):
            tasks._pulse_forever(("inbound",))

    def beat():
        while not over.wait(pulse_s):
            tasks.pulse()

    targets = [work] * 3 + [beat] * beats
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    over.set()
    for thread in threads:
        thread.join(5)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len(times) <= seconds / period_s + 2, "more sweeps than periods"
    assert gaps and max(gaps) < period_s + 10 * pulse_s
    record_property("figure", f"scheduler, {beats} beats: {len(times)} sweeps in {seconds:.0f} s at "
                    f"{period_s * 1000:.0f} ms, at most {max(gaps) * 1000:.0f} ms apart")  # fmt: skip


def test_without_beat_each_worker_pulses(monkeypatch):
    calls = threading.Semaphore(0)

    def pulsed():
        calls.release()
        if stopped.is_set():
            raise SystemExit

    stopped = threading.Event()
    monkeypatch.setattr(tasks, "send_pulse", pulsed)
    monkeypatch.setattr(tasks, "PULSE_S", 0.05)
    thread = threading.Thread(target=tasks._pulse_forever, args=(("inbound",),), daemon=True)
    thread.start()
    assert all(calls.acquire(timeout=5) for _ in range(3))
    stopped.set()
    thread.join(5)
    assert not thread.is_alive()
    assert tasks.start_pulse in [reference() if callable(reference) and not hasattr(reference, "__name__") else reference
                                 for _, reference in worker_ready.receivers]  # fmt: skip
