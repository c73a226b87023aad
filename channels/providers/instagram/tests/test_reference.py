"""The page about Instagram names every error with its reaction, and fixtures that exist."""

import re
from pathlib import Path

from channels.providers.instagram.errors import RULES
from channels.providers.instagram.tests.corpus import FIXTURES

PAGE = Path(__file__).resolve().parents[4] / "docs/instagram/instagram-api-reference.md"
REACTIONS = {
    "R": "tried again",
    "Q": "waits",
    "T": "channel pauses",
    "A": "channel pauses",
    "P": "message fails",
    "U": "message fails",
    "S": "outcome unknown",
}


def rows(text: str) -> list[list[str]]:
    """The cells of each line of the tables in ``text``, without their heads."""
    lines = [line for line in text.splitlines() if re.match(r"\| [^-]", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_error_is_on_the_page_with_its_reaction() -> None:
    text = PAGE.read_text(encoding="utf-8")
    table = text.partition("<!-- instagram errors -->")[2].partition("<!-- end -->")[0]
    found = {
        name: (title, reaction, advice)
        for codes, title, reaction, advice in re.findall(
            r"^\| ([-\d/, ]+) \| (.+?) \| (.+?) \| (.+?) \|$", table, re.MULTILINE
        )
        for name in codes.split(", ")
    }
    names = {
        (f"{rule.code}/{rule.subcode}" if rule.subcode is not None else f"{rule.code}"): rule
        for rule in RULES
    }
    assert set(found) == set(names)
    for name, rule in names.items():
        title, reaction, advice = found[name]
        assert (title, advice) == (rule.title, rule.advice)
        assert reaction.startswith(REACTIONS[rule.kind])
        assert ("at most" in reaction) == (rule.max_tries is not None)


def test_every_fixture_on_the_page_exists() -> None:
    text = PAGE.read_text(encoding="utf-8")
    start = text.index("| what comes | becomes | fixture |")
    cells = [row[-1] for row in rows(text[start : text.index("**What comes as a bare id.**")])]
    named = {name for cell in cells[1:] for name in re.findall(r"`(\w+)`", cell)}
    assert len(named) > 30
    assert named <= {path.stem for path in FIXTURES}
