"""`make test`: servers of its own, all checks, all tests, nothing left behind."""

import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from kernel.dev import leash
from kernel.dev.checks import run_checks
from kernel.dev.embedded import Stack
from kernel.dev.layout import ROOT


def check() -> int:
    """Run the checks alone; the exit code."""
    _stop_on_termination()
    with Stack() as stack:
        failed = run_checks(stack.env)
    return _summary(failed, tests=0)


def test(arguments: Sequence[str], *, with_checks: bool = True) -> int:
    """Run the checks, then pytest with `arguments`; the exit code of the first that failed."""
    _stop_on_termination()
    began = time.monotonic()
    with Stack() as stack:
        print(f"databases ready in {time.monotonic() - began:.1f} s", flush=True)
        failed = run_checks(stack.env) if with_checks else []
        code = _pytest(arguments, stack.env) if arguments else _whole(stack.env)
    return _summary(failed, tests=code)


def _whole(env: Mapping[str, str]) -> int:
    """All tests, on both cores, in the order of ``testpaths``.

    First those that go through everything the others leave in the database: keys, retention, redrive.
    """
    return _pytest(("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"), env)


def _stop_on_termination() -> None:
    """Make SIGTERM an exception like Ctrl-C, so that the servers are stopped on the way out."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def _pytest(arguments: Sequence[str], env: Mapping[str, str]) -> int:
    command = leash.leashed((sys.executable, "-m", "pytest", *arguments))
    # stdin stays: `make test ARGS="--pdb ..."` needs it.
    running = subprocess.Popen(command, cwd=ROOT, env=dict(env))
    try:
        return running.wait()
    except KeyboardInterrupt:
        # pytest got the same Ctrl-C and is cleaning up, unless only this process was told.
        running.send_signal(signal.SIGINT)
        try:
            running.wait(30)
        except (KeyboardInterrupt, subprocess.TimeoutExpired):
            running.kill()
        return 130


def _summary(failed: Sequence[str], *, tests: int) -> int:
    if failed:
        print(f"failed checks: {', '.join(failed)}", flush=True)
    return tests or (1 if failed else 0)
