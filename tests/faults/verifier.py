"""`manage.py verify_audit` in one process that stays, because starting Django takes longer than the walk.

The harness starts `run` after `django.setup()` with the product's environment; each line on its
input asks for one walk of every chain, each line of its output is [exit code, what was said].
"""

import io
import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress

from kernel.dev.layout import ROOT

ENTRY = "import django; django.setup(); from tests.faults.verifier import run; run()"


def run() -> None:
    """The process's loop."""
    from django.core.management import CommandError, call_command

    for _ in sys.stdin:
        said, problems, code = io.StringIO(), io.StringIO(), 0
        try:
            call_command("verify_audit", stdout=said, stderr=problems)
        except CommandError as error:
            problems.write(str(error))
            code = 1
        except SystemExit:
            code = 1
        print(json.dumps([code, problems.getvalue() or said.getvalue()]), flush=True)


class Verifier:
    """Keeps the process; one that died is started again."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._process: subprocess.Popen[str] | None = None

    def verify(self) -> tuple[int, str]:
        """The command's exit code and its words; a process without an answer counts as a failure."""
        if self._process is None or self._process.poll() is not None:
            self.start()
        process = self._process
        assert process and process.stdin and process.stdout
        with suppress(OSError, ValueError):
            process.stdin.write("\n")
            process.stdin.flush()
            code, said = json.loads(process.stdout.readline())
            return int(code), str(said)
        self.close()
        return 1, "verify_audit ended without an answer"

    def start(self) -> None:
        """Begin to start it, without waiting."""
        self._process = subprocess.Popen(
            [sys.executable, "-c", ENTRY], cwd=ROOT, env=dict(self._env), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
