"""`python -m kernel.dev.clean [folder]`: remove what can be made again, and the demo data.

It needs no installed package, so it works before and after there is a virtual environment.
"""

import shutil
import sys

from kernel.dev.errors import CannotStart
from kernel.dev.layout import ROOT, DataFolder

_CACHES = (".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache", ".hypothesis")
_KEPT = {".venv", ".git"}


def clean(data: str) -> int:
    """Remove caches and the data folder `data`.

    Refuses (`CannotStart`) while a system runs on the folder, and never touches a folder that
    does not look like one of ours.
    """
    for name in _CACHES:
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for top in ROOT.iterdir():
        if top.is_dir() and top.name not in _KEPT:
            for cache in top.glob("**/__pycache__"):
                shutil.rmtree(cache, ignore_errors=True)
    remove_data(data)
    return 0


def remove_data(data: str) -> None:
    """Remove the data folder at `data`, if it is one of ours and nothing runs on it."""
    path = (ROOT / data).resolve()
    if not (path / "secrets.json").is_file():
        return
    with DataFolder.at(path).lock():
        shutil.rmtree(path)


if __name__ == "__main__":
    try:
        sys.exit(clean(sys.argv[1] if len(sys.argv) > 1 else ".data"))
    except CannotStart as error:
        sys.exit(str(error))
