"""A supervisor that is killed takes its processes along, at the latest at the next start."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

from kernel.dev import leftovers
from kernel.dev.layout import ROOT, DataFolder
from kernel.dev.tests.dummies import alive, eventually, pids

SUPERVISOR = """
    import sys, time
    from pathlib import Path
    from kernel.dev.tests.dummies import {program}, dummy, supervised

    supervisor, _, _ = supervised(Path(sys.argv[1]))
    one = dummy("one", {program})
    supervisor.start(one)
    supervisor.wait_ready(one, timeout=10)
    print("ready", flush=True)
    supervisor.watch()
"""


def killed_supervisor(folder: Path, program: str) -> int:
    """Run a supervisor with one process, kill -9 it; the process's id."""
    code = textwrap.dedent(SUPERVISOR.format(program=program))
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], cwd=ROOT, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        pid = pids(DataFolder.at(folder))["one"]
        assert alive(pid)
        running.kill()
    return pid


def test_processes_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    pid = killed_supervisor(tmp_path, "STEADY")
    assert eventually(lambda: not alive(pid))


def test_the_next_start_ends_what_ignored_that(tmp_path: Path) -> None:
    pid = killed_supervisor(tmp_path, "STUBBORN")
    data = DataFolder.at(tmp_path)
    assert alive(pid)
    assert leftovers.clear(data, grace=0.3) == ["one"]
    assert eventually(lambda: not alive(pid))
    assert pids(data) == {}


def test_a_stranger_who_got_the_same_process_id_is_left_alone(tmp_path: Path) -> None:
    data = DataFolder.at(tmp_path)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        try:
            data.pids.write_text(f'{{"web": {{"pid": {stranger.pid}, "pgid": {stranger.pid}}}}}')
            assert leftovers.clear(data, grace=0.1) == []
            assert alive(stranger.pid)
        finally:
            os.kill(stranger.pid, signal.SIGKILL)
