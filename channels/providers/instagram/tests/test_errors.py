"""Every documented code and subcode leads to the outcome its class demands."""

import json
import re
from typing import Any

import pytest

from channels.providers.contract import (
    ChannelBroken,
    Rejected,
    Throttled,
    Transient,
    Unknown,
)
from channels.providers.instagram.errors import RULES, classify, rule_for
from channels.providers.meta.rules import Rule

OUTCOMES: dict[str, type] = {
    "R": Transient,
    "Q": Throttled,
    "T": ChannelBroken,
    "A": ChannelBroken,
    "P": Rejected,
    "U": Rejected,
    "S": Unknown,
}

# The catalogue by class, kept apart from the table so that neither can drift alone.
BY_KIND = {
    "R": "-1 -1/2207001 1 1/99 2 2/1545133 100/2018008 100/2018294",
    "S": "1/1357046",
    "Q": "4 9 9/2018352 17 32 341 80001 80002 80006 613 613/2534040 613/1996",
    "T": "2/2018344 3 10 10/2534077 100/33 100/2534013 102 104 190 190/458 190/459 190/460 190/463"
    " 190/464 190/467 190/492 200 200/2018028 200/2534041 2500",
    "A": "10/1893063 10/2534122 25 25/2207050 368 613/2018338 100/2534029 36103",
    "P": "10/2534022 10/2018278 10/2018065 100 100/2018014 100/2018047 100/2018074 100/2018109"
    " 100/2534015 100/2534025 100/2534037 2018300 2534068 803 9000001 24 352 352/2207026 4/2207051"
    " 9/2207042 9004 9004/2207052 36000 36000/2207004 36001 36001/2207005 36003 36004",
    "U": "10/2018108 10/2018336 100/2018001 100/2534014 100/2534001 551 551/1545041 200/1545041 230"
    " 9010 2018218 2018247",
}
ROWS = [(row, kind) for kind, rows in BY_KIND.items() for row in rows.split()]


def error_of(row: str) -> dict[str, Any]:
    code, _, subcode = row.partition("/")
    error: dict[str, Any] = {"code": int(code), "message": f"(#{code}) text", "type": "IGApi"}
    return error | ({"error_subcode": int(subcode)} if subcode else {})


@pytest.mark.parametrize(("row", "kind"), ROWS)
def test_documented_row(row: str, kind: str) -> None:
    error = error_of(row)
    rule = rule_for(error["code"], error.get("error_subcode"))
    assert rule is not None
    assert (rule.kind, rule.code, rule.subcode) == (kind, error["code"], error.get("error_subcode"))
    for http_status in (400, 403, 500):
        outcome = classify(http_status, error)
        assert type(outcome) is OUTCOMES[kind]
        assert getattr(outcome, "code", error["code"]) == error["code"]


def test_the_table_and_the_catalogue_have_the_same_rows() -> None:
    table = {f"{r.code}/{r.subcode}" if r.subcode is not None else f"{r.code}" for r in RULES}
    assert table == {row for row, _ in ROWS}
    assert len(ROWS) == len(table)


@pytest.mark.parametrize("rule", list(RULES), ids=lambda rule: f"{rule.code}-{rule.subcode}")
def test_every_rule_is_fit_to_be_shown(rule: Rule) -> None:
    assert re.fullmatch(r"[A-Z].*[^.]", rule.title)
    assert re.fullmatch(r"[A-Z].*\.", rule.advice)
    assert (rule.scope in ("number", "pair", "app", "account", "template")) == (rule.kind == "Q")
    assert rule.max_tries is None or rule.kind == "R"


def test_a_subcode_tells_more_than_the_code_it_comes_with() -> None:
    for code in (10, 100, 200, 987):
        outcome = classify(403, {"code": code, "error_subcode": 2534022})
        assert isinstance(outcome, Rejected)
        assert "human agent" in outcome.advice
    for code in (100, 10):  # listed as a code, met as a subcode
        assert isinstance(classify(400, {"code": code, "error_subcode": 2018300}), Rejected)
        assert isinstance(classify(400, {"code": code, "error_subcode": 2534122}), ChannelBroken)
    alone = classify(400, {"code": 2534022})
    assert isinstance(alone, Rejected)


def test_a_small_subcode_belongs_to_its_code() -> None:
    assert isinstance(classify(400, {"code": 100, "error_subcode": 33}), ChannelBroken)
    assert isinstance(classify(400, {"code": 200, "error_subcode": 33}), ChannelBroken)
    assert isinstance(classify(400, {"code": 803, "error_subcode": 33}), Rejected)
    assert isinstance(classify(400, {"code": 100, "error_subcode": 2999999}), Rejected)


@pytest.mark.parametrize("subcode", [458, 459, 460, 463, 464, 467, 492])
def test_token_subcodes_say_what_happened_to_the_token(subcode: int) -> None:
    outcome = classify(401, {"code": 190, "error_subcode": subcode})
    assert isinstance(outcome, ChannelBroken)
    assert outcome.title != "The access token is invalid"
    plain = classify(400, {"code": 190, "error_subcode": 999})
    assert isinstance(plain, ChannelBroken)
    assert plain.title == "The access token is invalid"


def test_repetitions_are_bounded_where_it_is_documented() -> None:
    tries = {}
    for row in ("1", "1/99", "2", "2/1545133", "100/2018008", "100/2018294", "-1"):
        outcome = classify(500, error_of(row))
        assert isinstance(outcome, Transient)
        tries[row] = outcome.max_tries
    assert tries == {
        "1": 2,
        "1/99": 2,
        "2": 3,
        "2/1545133": None,
        "100/2018008": 1,
        "100/2018294": 1,
        "-1": None,
    }


def waits(row: str, **given: Any) -> float | None:
    outcome = classify(400, error_of(row), **given)
    assert isinstance(outcome, Throttled)
    return outcome.retry_after


def test_the_longest_wait_counts() -> None:
    assert waits("613/2534040") == 60
    assert waits("613/2534040", retry_after=90) == 90
    assert waits("4", retry_after=5) == 300
    row = {"type": "instagram", "call_count": 100, "estimated_time_to_regain_access": 19}
    usage = {"X-Business-Use-Case-Usage": json.dumps({"178": [row]})}
    assert waits("80002", usage_headers=usage) == 19 * 60
    assert isinstance(classify(429, error_of("1"), retry_after=3), Throttled)


def test_a_missing_proof_concerns_the_channel_not_the_message() -> None:
    message = "API calls from the server require an appsecret_proof argument"
    assert isinstance(classify(400, {"code": 100, "message": message}), ChannelBroken)


def test_undocumented_codes_and_answers_without_one_go_by_status() -> None:
    strange = {"code": 987654, "message": "strange"}
    assert isinstance(classify(500, strange), Transient)
    assert isinstance(classify(400, strange | {"is_transient": True}), Transient)
    assert isinstance(classify(401, strange), ChannelBroken)
    rejected = classify(400, strange)
    assert isinstance(rejected, Rejected)
    assert (rejected.code, rejected.detail) == (987654, "strange")
    assert classify(503, {}) == Transient(code=503, title="Error 503")
    assert isinstance(classify(504, {}), Unknown)
    assert isinstance(classify(504, {"code": 2}), Transient)
