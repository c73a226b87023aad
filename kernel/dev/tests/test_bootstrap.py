"""The environment is made from pinned requirements, once."""

import re
import subprocess
import sys
from pathlib import Path

from kernel.dev import bootstrap
from kernel.dev.layout import ROOT

PIN = """
    --hash=sha256:{digit}
    # via something
"""


def requirements(folder: Path, *, django: str) -> None:
    (folder / "requirements.txt").write_text(
        f"# django==1\ndjango=={django} \\{PIN.format(digit='0' * 64)}redis[x]==7 \\{PIN}"
    )
    (folder / "requirements-dev.txt").write_text(f"redis==7 \\{PIN}pytest==9 ; x \\{PIN}")


def test_pins_are_counted_once_each(tmp_path: Path) -> None:
    requirements(tmp_path, django="5.2")
    assert bootstrap.count_pins(tmp_path) == 3


def test_a_changed_pin_changes_the_fingerprint(tmp_path: Path) -> None:
    requirements(tmp_path, django="5.2")
    first = bootstrap.fingerprint(tmp_path)
    assert bootstrap.fingerprint(tmp_path) == first
    requirements(tmp_path, django="5.3")
    assert bootstrap.fingerprint(tmp_path) != first


def test_every_pinned_package_has_hashes() -> None:
    for name in bootstrap.REQUIREMENTS:
        text = (ROOT / name).read_text(encoding="utf-8")
        pins = re.findall(r"^[A-Za-z0-9._-]+==\S+(.*)$", text, re.MULTILINE)
        assert pins
        assert all(rest.endswith("\\") for rest in pins)


def test_the_requirements_name_no_place_of_one_machine() -> None:
    for name in bootstrap.REQUIREMENTS:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"^--(find-links|index-url|extra-index-url)", text, re.MULTILINE)


def test_it_needs_nothing_but_the_standard_library() -> None:
    for module in ("bootstrap.py", "clean.py", "leash.py"):
        code = f"import runpy; runpy.run_path('kernel/dev/{module}', run_name='loaded')"
        subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, check=True)
