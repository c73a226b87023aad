"""Make the virtual environment once, from the pinned requirements.

Run by the Makefile with any Python 3.11 or newer, as a file: it uses the standard library only.
A stamp inside `.venv` holds the fingerprint of the requirements; while it is current nothing is
done, so a machine that is offline can go on.
"""

import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".installed"
LOG = VENV / "install.log"
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
_SHOWN_ON_FAILURE = 15


def fingerprint(root: Path = ROOT) -> str:
    """Changes when any pinned requirement does."""
    digest = hashlib.sha256()
    for name in REQUIREMENTS:
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def count_pins(root: Path = ROOT) -> int:
    """How many packages the requirements pin, for the progress line."""
    pins: set[str] = set()
    for name in REQUIREMENTS:
        text = (root / name).read_text(encoding="utf-8")
        pins.update(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*])?==", text, re.MULTILINE))
    return len(pins)


def main() -> int:
    """Bring `.venv` up to date; the exit code."""
    wanted = fingerprint()
    if STAMP.exists() and STAMP.read_text() == wanted and _works():
        return 0
    if not _make_venv():
        return 1
    if not _install():
        return 1
    STAMP.write_text(wanted)
    return 0


def _works() -> bool:
    return PYTHON.exists() and _succeeds(str(PYTHON), "-c", "import pip")


def _make_venv() -> bool:
    if _works():
        return True
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        print(
            f"This Python {version} cannot make virtual environments: its venv module is "
            f"missing.\nInstall it (Debian, Ubuntu: apt install python{version}-venv; Fedora: "
            f"dnf install python3-pip), then try again.",
            file=sys.stderr,
        )
        return False
    print("Making the virtual environment in .venv", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    # Not sys.executable: inside an older .venv that would be the one just removed.
    base = getattr(sys, "_base_executable", sys.executable)
    return _succeeds(base, "-m", "venv", str(VENV), show=True)


def _install() -> bool:
    """Install with pip; its own output goes to a file, and a counter to the terminal."""
    total = count_pins()
    print(f"Installing {total} pinned packages into .venv (once, a minute or two)", flush=True)
    command = [str(PYTHON), "-m", "pip", "install", "--require-hashes", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off"]
    for name in REQUIREMENTS:
        command += ["-r", name]
    lines: list[str] = []
    with (
        LOG.open("w", encoding="utf-8") as log,
        subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as pip,
    ):
        assert pip.stdout is not None
        for line in pip.stdout:
            log.write(line)
            lines.append(line.rstrip())
            _show_progress(line, lines, total)
    if sys.stdout.isatty():
        print()
    if pip.returncode:
        _explain(lines)
    return pip.returncode == 0


def _show_progress(line: str, lines: list[str], total: int) -> None:
    if not sys.stdout.isatty():
        return
    if line.startswith("Collecting "):
        done = sum(each.startswith("Collecting ") for each in lines)
        name = re.split(r"[=<>!~ ;]", line.removeprefix("Collecting ").strip())[0]
        print(f"\r  {done}/{total} {name:<40}", end="", flush=True)
    elif line.startswith("Installing collected"):
        print(f"\r  unpacking {'':<40}", end="", flush=True)


def _explain(lines: list[str]) -> None:
    useful = [line for line in lines if line and not line.startswith("WARNING")]
    print("\n".join(useful[-_SHOWN_ON_FAILURE:]), file=sys.stderr)
    print(
        f"\nInstalling the packages failed; the whole output is in {LOG.relative_to(ROOT)}.\n"
        "The first start needs access to a Python package index; later ones work offline.",
        file=sys.stderr,
    )


def _succeeds(*command: str, show: bool = False) -> bool:
    sink = None if show else subprocess.DEVNULL
    try:
        return subprocess.run(command, stdout=sink, stderr=sink, check=False).returncode == 0
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
