"""Start a command that does not outlive the process that started it.

A supervisor that is killed with -9 cannot stop its children. On Linux the kernel can: each child
asks to be sent SIGTERM when its parent dies. The request must be made inside the child, before
its program starts; doing that between fork and exec is unsafe in a process with threads, so this
file is run as a small program that asks and then becomes the command:

    python -I -S leash.py <parent pid> <command> [argument ...]
"""

import ctypes
import os
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG in <linux/prctl.h>
NOT_FOUND = 127


def follow_parent(signum: int = signal.SIGTERM) -> None:
    """Ask for `signum` when the parent of this process dies; does nothing outside Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, int(signum))


def leashed(command: tuple[str, ...]) -> list[str]:
    """The command line that runs `command` on the leash of the calling process."""
    return [sys.executable, "-I", "-S", os.path.abspath(__file__), str(os.getpid()), *command]


def main(arguments: list[str]) -> int:
    """Become the command; return only when that is impossible."""
    parent, command = int(arguments[1]), arguments[2:]
    follow_parent()
    if os.getppid() != parent:
        return 1  # the parent died before the request was made
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
    return NOT_FOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv))
