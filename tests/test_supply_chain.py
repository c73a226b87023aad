"""What the project is made of: every dependency by its hash, and no secret in any version of any file."""

import re
import subprocess

import pytest

from kernel.dev.layout import ROOT
from tenants import keys

pytestmark = pytest.mark.no_database
LOCKS = ("requirements.txt", "requirements-dev.txt")
SECRETS = re.compile(
    rb"-----BEGIN (?:RSA |EC |OPENSSH |DSA |ENCRYPTED )?PRIVATE KEY-----\s+[A-Za-z0-9+/]{60}"
    rb"|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[abprs]-[0-9]{8,}-[A-Za-z0-9-]{20,}"
    rb"|\bEAA[A-Za-z0-9]{100,}\b|\bglpat-[A-Za-z0-9_-]{20}\b|\bAIza[0-9A-Za-z_-]{35}\b"
)
OURS = re.compile(rb"\bsb_live_[0-9a-f]{24}_[0-9A-Za-z]{38}\b")


@pytest.mark.parametrize("name", LOCKS)
def test_every_dependency_is_pinned_by_its_hash(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [x for x in text.splitlines() if x.strip() and not x.lstrip().startswith(("#", "-"))]
    assert len(lines) > 20
    assert [x.split()[0] for x in lines if "==" not in x or "--hash=sha256:" not in x] == []


def test_the_image_installs_by_hash_alone() -> None:
    assert "--require-hashes -r" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def history() -> bytes:
    """Every version of every file that a commit ever had, one behind the other."""
    named = subprocess.run(["git", "rev-list", "--objects", "HEAD"], cwd=ROOT, capture_output=True)
    if named.returncode:
        pytest.skip("no history here")
    ids = b"\n".join(line.split()[0] for line in named.stdout.splitlines())
    return subprocess.run(["git", "cat-file", "--batch"], cwd=ROOT, input=ids,
                          capture_output=True, check=True).stdout  # fmt: skip


def test_no_secret_is_in_the_history() -> None:
    text = history()
    assert len(text) > 100_000
    assert SECRETS.findall(text) == []
    # A key of ours proves itself by its checksum, so an example in a document is none.
    assert [key for key in OURS.findall(text) if keys.parse(key.decode())] == []
