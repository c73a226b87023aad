"""The page about WhatsApp names every error with its reaction, real fixtures and what they become."""

import json
import re
from pathlib import Path
from typing import Any

from channels.providers.whatsapp.errors import _RULES, Rule
from channels.providers.whatsapp.tests.test_fixtures import FIXTURES, read

PAGE = Path(__file__).resolve().parents[4] / "docs/instagram/whatsapp-api-reference.md"
TEXT = PAGE.read_text(encoding="utf-8")
REACTIONS = {
    "R": "tried again",
    "Q": "waits",
    "T": "channel pauses",
    "A": "channel pauses",
    "P": "message fails",
    "U": "message fails",
}
SCOPES = {"number": "", "pair": "customer", "account": "account", "app": "app",
          "template": "template"}  # fmt: skip
BY_NAME = {path.stem: read(path) for path in FIXTURES}


def names(cell: str) -> list[str]:
    """The codes of a cell; two with a dash stand for all between them."""
    found = []
    for word in cell.split(", "):
        first, _, last = word.partition("–")
        found += [str(n) for n in range(int(first), int(last) + 1)] if last else [word]
    return found


def named(rule: Rule) -> str:
    return f"{rule.code}/{rule.subcode}" if rule.subcode is not None else f"{rule.code}"


def test_every_error_is_on_the_page_with_its_reaction() -> None:
    table = TEXT.partition("<!-- whatsapp errors -->")[2].partition("<!-- end -->")[0]
    pattern = r"^\| ([\d–/, ]+) \| (.+?) \| (.+?) \| (.+?) \|$"
    lines = re.findall(pattern, table, re.MULTILINE)
    found = {name: line[1:] for line in lines for name in names(line[0])}
    assert set(found) == {named(rule) for rule in _RULES.values()}
    for rule in _RULES.values():
        title, reaction, advice = found[named(rule)]
        assert (title, advice) == (rule.title, rule.advice)
        assert reaction.startswith(REACTIONS[rule.kind])
        assert (f"{rule.max_tries} time" in reaction) == (rule.max_tries is not None)
        if rule.kind == "Q":
            assert SCOPES[rule.scope] in reaction.partition("(")[2]
            assert ("(" in reaction) == (rule.scope != "number")
            hours, seconds = (rule.wait_s or 0) / 3600, rule.wait_s or 0
            wait = f"{hours:g} h" if hours >= 1 else f"{seconds:g} s"
            assert (f"waits {wait} or longer" in reaction) == bool(rule.wait_s)


def test_what_the_page_says_of_a_fixture_is_what_becomes_of_it() -> None:
    start = TEXT.index("| what comes | becomes | fixture |")
    table = TEXT[start : TEXT.index("**Notices**")].splitlines()[2:]
    mentioned = set()
    for line in filter(None, table):
        _, becomes, fixtures = (cell.strip() for cell in line.strip("|").split("|"))
        given = re.findall(r"`(\w+)`", fixtures)
        mentioned |= set(given)
        events = [event for name in given for event in BY_NAME[name]["expect"]["events"]]
        kinds = {event.get("event") for event in events}
        for kind in re.findall(r"`([A-Z]\w+)`", becomes):
            assert kind in kinds, f"{kind} is not what {given} become"
    assert len(mentioned) > 60


def test_every_example_is_in_its_fixture() -> None:
    examples = re.findall(r"`(\w+)\.json`:\n\n```json\n(.+?)```", TEXT, re.DOTALL)
    assert len(examples) == TEXT.count("```json") == 3
    for name, text in examples:
        assert holds(BY_NAME[name]["body"], json.loads(text)), name


def holds(body: Any, part: Any) -> bool:
    inner = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    return body == part or any(holds(one, part) for one in inner)
