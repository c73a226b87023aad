"""Keep the processes of one copy running, and stop all of them together.

One loop in the main thread owns every process: it notices what ended and starts it again after a
pause that grows from 0.5 to 5 s, restarts workers whose canaries are overdue, and keeps
`pids.json` (`{"web": {"pid": 1, "pgid": 1}, ...}`) true. Output is read by threads.
"""

import json
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FrameType

from kernel.dev.canary import CanaryWatch
from kernel.dev.child import Child, stop_in_order
from kernel.dev.console import Console
from kernel.dev.declaration import Process
from kernel.dev.errors import CannotStart, StopRequested
from kernel.dev.layout import DataFolder

GRACE = 8.0
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0
# A process that ran this long was well; the next time it ends the pauses begin anew.
STEADY_AFTER = 30.0
# Before the system was ever ready, a process that ends this often in a row will not recover.
STARTING_ATTEMPTS = 3
_TICK = 0.05
_SHOWN_ON_FAILURE = 25


@dataclass
class _Kept:
    child: Child
    pause: float = FIRST_PAUSE
    failures: int = 0
    start_at: float | None = None
    kill_at: float | None = None


class Supervisor:
    """See the module. Use it from the main thread; `stop()` must be called at the end."""

    def __init__(
        self,
        *,
        env: Mapping[str, str],
        folder: DataFolder,
        console: Console,
        canaries: CanaryWatch | None = None,
    ) -> None:
        self._env = env
        self._folder = folder
        self._console = console
        self._canaries = canaries
        self._kept: dict[str, _Kept] = {}
        self._once: list[Child] = []
        self._starting = True
        self._signals = 0

    # -- signals ---------------------------------------------------------------------------

    def handle_signals(self) -> None:
        """Stop on Ctrl-C, SIGTERM and a closed terminal; the second signal hurries."""
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, self._on_signal)

    def _on_signal(self, _signum: int, _frame: FrameType | None) -> None:
        self._signals += 1

    # -- starting --------------------------------------------------------------------------

    def start(self, *processes: Process) -> None:
        """Start long-running processes, in order, without waiting for them."""
        for process in processes:
            child = self._child(process)
            self._kept[process.name] = _Kept(child)
            child.start()
        self._write_pids()

    def wait_ready(self, *processes: Process, timeout: float) -> None:
        """Return when each answers its probe; `CannotStart` with its last lines if one does not."""
        waiting = [process.name for process in processes]

        def all_ready() -> bool:
            waiting[:] = [name for name in waiting if not self._kept[name].child.is_ready()]
            return not waiting

        if not self.wait_until(all_ready, timeout=timeout):
            raise CannotStart(
                f"{', '.join(waiting)} did not become ready within {timeout:.0f} s.\n"
                + self._last_lines(self._kept[waiting[0]].child)
            )

    def wait_until(self, condition: Callable[[], bool], *, timeout: float) -> bool:
        """Whether `condition` became true in time; the processes are looked after meanwhile."""
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                return False
            self._tick()
            time.sleep(_TICK)
        return True

    def begin_once(self, process: Process) -> Child:
        """Start a command that ends by itself; give the child to `finish`."""
        child = self._child(process)
        self._once.append(child)
        child.start()
        return child

    def finish(self, *children: Child, timeout: float) -> None:
        """Wait for commands from `begin_once`; `CannotStart` with the output if one fails."""
        left = list(children)
        while left:
            for child in tuple(left):
                code = child.poll()
                if code:
                    raise CannotStart(
                        f"{child.name} failed ({_describe(code)}).\n" + self._last_lines(child)
                    )
                if code is not None:
                    left.remove(child)
                elif child.age > timeout:
                    raise CannotStart(
                        f"{child.name} did not end within {timeout:.0f} s.\n"
                        + self._last_lines(child)
                    )
            self._tick()
            time.sleep(_TICK)

    # -- looking after ---------------------------------------------------------------------

    def watch(self) -> None:
        """Keep everything running until a signal arrives."""
        self._starting = False
        try:
            while True:
                self._tick()
                time.sleep(_TICK)
        except StopRequested:
            return

    def _tick(self) -> None:
        if self._signals:
            raise StopRequested
        now = time.monotonic()
        for kept in self._kept.values():
            self._look_after(kept, now)

    def _look_after(self, kept: _Kept, now: float) -> None:
        child = kept.child
        code = child.poll()
        if code is not None:
            self._plan_restart(kept, code, now)
        elif kept.start_at is not None and now >= kept.start_at:
            kept.start_at = None
            child.start()
            self._write_pids()
        elif kept.kill_at is not None:
            if now >= kept.kill_at:
                child.signal(signal.SIGKILL)
        elif child.pid is not None and self._is_overdue(child):
            self._console.say(f"{child.name} takes no work from its queues; starting it again")
            child.terminate()
            kept.kill_at = now + GRACE

    def _plan_restart(self, kept: _Kept, code: int, now: float) -> None:
        child = kept.child
        if child.age > STEADY_AFTER:
            kept.pause, kept.failures = FIRST_PAUSE, 0
        kept.failures += 1
        if self._starting and kept.failures >= STARTING_ATTEMPTS:
            raise CannotStart(
                f"{child.name} ended {kept.failures} times while starting "
                f"({_describe(code)}).\n" + self._last_lines(child)
            )
        self._console.say(
            f"{child.name} ended ({_describe(code)}); starting it again in {kept.pause:g} s"
        )
        kept.start_at, kept.kill_at = now + kept.pause, None
        kept.pause = min(kept.pause * 2, LONGEST_PAUSE)
        self._write_pids()

    def _is_overdue(self, child: Child) -> bool:
        return self._canaries is not None and self._canaries.is_overdue(
            child.process, age=child.age
        )

    # -- stopping --------------------------------------------------------------------------

    def stop(self) -> None:
        """Stop everything: tier by tier, gracefully for 8 s each, then by force."""
        already = self._signals
        running = [*(kept.child for kept in self._kept.values()), *self._once]
        stop_in_order(running, grace=GRACE, hurry=lambda: self._signals > already)
        self._kept.clear()
        self._folder.pids.unlink(missing_ok=True)

    # -- small things ----------------------------------------------------------------------

    def _child(self, process: Process) -> Child:
        log = self._folder.log(process.name)
        return Child(process, env=self._env, log=log, sink=self._console.line)

    def _write_pids(self) -> None:
        document = {
            name: {"pid": kept.child.pid, "pgid": kept.child.pid}
            for name, kept in self._kept.items()
            if kept.child.pid is not None
        }
        draft = self._folder.pids.with_suffix(".new")
        draft.write_text(json.dumps(document, indent=2))
        draft.replace(self._folder.pids)

    def _last_lines(self, child: Child) -> str:
        lines = [f"  {line}" for line in list(child.recent)[-_SHOWN_ON_FAILURE:]]
        return "\n".join([*lines, f"The whole log: {child.log}"])


def _describe(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
