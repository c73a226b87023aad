"""`make check`: everything that a machine can judge without running the tests."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from kernel.dev.layout import ROOT

# One at a time leaves a core idle; more than two only wait for each other on a small machine.
SIDE_BY_SIDE = 2


@dataclass(frozen=True)
class Check:
    """A command that exits with 0 when the project is in order."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    check: Check
    passed: bool
    seconds: float
    output: str


def all_checks() -> tuple[Check, ...]:
    """The checks, the slowest first so that they overlap well."""
    python = sys.executable
    # Called through the interpreter: the scripts' first lines name a folder that may have moved.
    lint_imports = str(Path(python).with_name("lint-imports"))
    return (
        Check("types (mypy)", (python, "-m", "mypy", ".")),
        Check("layers (import-linter)", (python, lint_imports)),
        Check(
            "OpenAPI (spectacular)",
            _manage("spectacular", "--fail-on-warn", "--validate", "--file", os.devnull),
        ),
        Check("migrations", _manage("makemigrations", "--check", "--dry-run")),
        Check("lint (ruff)", (python, "-m", "ruff", "check", ".")),
        Check("format (ruff)", (python, "-m", "ruff", "format", "--check", ".")),
    )


def run_checks(env: Mapping[str, str], checks: tuple[Check, ...] | None = None) -> list[str]:
    """Run the checks, print a line for each and the output of those that fail; their names.

    `env` must name running databases: Django compares the migrations with them.
    """
    failed = []
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        running = [pool.submit(_run, check, env) for check in checks or all_checks()]
        for future in as_completed(running):
            outcome = future.result()
            _report(outcome)
            if not outcome.passed:
                failed.append(outcome.check.name)
    return failed


def _run(check: Check, env: Mapping[str, str]) -> Outcome:
    began = time.monotonic()
    result = subprocess.run(
        check.command,
        cwd=ROOT,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    return Outcome(check, result.returncode == 0, time.monotonic() - began, result.stdout)


def _report(outcome: Outcome) -> None:
    word = "ok" if outcome.passed else "FAILED"
    print(f"check  {outcome.check.name:<24} {word:<7} {outcome.seconds:5.1f} s", flush=True)
    if not outcome.passed:
        print(outcome.output.rstrip() + "\n", flush=True)


def _manage(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "manage.py", *arguments)
