"""Where the parts measure: one stack for those that write, with a fresh database in each run."""

import shutil
import time
from pathlib import Path
from typing import Any

from tests.bench.errors import Failed
from tests.bench.sizes import Sizes
from tests.bench.stack import BenchStack

QUIET_LIMIT_S = 900.0


class Arena:
    """`data` is the benchmark's folder. The stack is started when it is first asked for."""

    def __init__(self, data: Path, sizes: Sizes) -> None:
        self.data, self.sizes = data, sizes
        self.began = time.monotonic()
        self.part = ""
        self._stack: BenchStack | None = None

    def say(self, text: str) -> None:
        """A line of progress."""
        minutes, seconds = divmod(int(time.monotonic() - self.began), 60)
        print(f"{minutes:3d}:{seconds:02d}  ({self.part or '-'}) {text}", flush=True)

    def stack(self) -> BenchStack:
        """Servers, tenants and numbers; which processes run is the part's choice."""
        if self._stack is None:
            path = self.data / "stack"
            shutil.rmtree(path, ignore_errors=True)
            stack = BenchStack(path)
            stack.__enter__()
            self._stack = stack
            stack.prepare()
            self.say("servers started, database migrated, two tenants made")
        return self._stack

    def close(self) -> None:
        """Stop the stack and remove its data, logs excepted."""
        if self._stack is not None:
            self._stack.close()
            for name in ("mongo", "redis", "spool"):
                shutil.rmtree(self._stack.folder.path / name, ignore_errors=True)
            self._stack = None

    def empty_inbox(self) -> None:
        """Forget what was posted and not worked on."""
        db = self.stack().db
        db["webhook_deliveries"].delete_many({})
        db["webhook_events"].delete_many({})

    def wait_until_quiet(self) -> float:
        """Until no work is due any more; seconds waited. Raises ``Failed`` when it does not end."""
        began = time.monotonic()
        while self._is_busy(self.stack().db):
            if time.monotonic() - began > QUIET_LIMIT_S:
                raise Failed(f"work is still due after {QUIET_LIMIT_S:.0f} s")
            time.sleep(0.25)
        return time.monotonic() - began

    def _is_busy(self, db: Any) -> bool:
        open_work = {"webhook_deliveries": {"state": "new"}, "webhook_events": {"open": True},
                     "deliveries": {"open": True}, "domain_events": {"number": 0}}  # fmt: skip
        return any(db[name].find_one(where) for name, where in open_work.items())
