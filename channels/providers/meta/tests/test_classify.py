"""What the Graph API's headers and error objects say, and what they say when they say nonsense."""

import json

import pytest

from channels.providers.contract import ChannelBroken, Rejected, Throttled, Transient, Unknown
from channels.providers.meta.classify import (
    Classifier,
    app_usage,
    error_detail,
    regain_seconds,
    retry_after_seconds,
)
from channels.providers.meta.rules import Rules

RULES = Rules()
RULES.add(4, "Q", "Too much", "Wait.", scope="app", wait_s=300)
RULES.add((1, 2), "R", "Trouble", "Wait.")
RULES.add(10, "P", "Closed", "Wait.", subcodes=(5, 2534022))
RULES.add(1, "S", "Perhaps", "Look.", subcodes=1357046)
classify = Classifier(rules=RULES, reconnect="Connect again.", undocumented="Ask.").outcome


def test_rules_are_found_by_the_most_exact_name() -> None:
    assert [(r.code, r.subcode) for r in RULES] == [
        (4, None),
        (1, None),
        (2, None),
        (10, 5),
        (10, 2534022),
        (1, 1357046),
    ]
    assert RULES.find(10) is None
    assert RULES.find(10, 6) is None
    assert RULES.find(99, 5) is None
    found = RULES.find(99, 2534022)
    assert found is not None and found.title == "Closed"
    assert RULES.find(2534022) is found
    assert RULES.find(1, 2) == RULES.find(1)


def test_outcomes_of_documented_and_other_codes() -> None:
    assert classify(400, {"code": 4}) == Throttled(
        code=4, scope="app", retry_after=300, title="Too much"
    )
    assert classify(400, {"code": 1, "error_subcode": 1357046}) == Unknown(reason="Perhaps (1)")
    assert isinstance(classify(429, {"code": 1}), Throttled)
    assert isinstance(classify(401, {"code": 77}), ChannelBroken)
    assert isinstance(classify(302, {}), Transient)
    outcome = classify(400, {"code": "10", "error_subcode": "5", "error_user_msg": "for people"})
    assert isinstance(outcome, Rejected)
    assert outcome.detail == "for people"


@pytest.mark.parametrize(
    "text", ["", "[]", "nonsense", '{"1": [7]}', '{"1": {"a": 1}}', "[" * 9999]
)
def test_usage_headers_that_say_nothing(text: str) -> None:
    assert regain_seconds({"X-Business-Use-Case-Usage": text, "X-App-Usage": text}) is None


def test_usage_headers_say_how_long() -> None:
    rows = [{"estimated_time_to_regain_access": minutes} for minutes in (0, 3, 1)]
    header = {"x-business-use-case-usage": json.dumps({"1": rows, "2": rows[:1]})}
    assert regain_seconds(header) == 180
    full = {"X-App-Usage": json.dumps({"call_count": 12, "total_time": 100})}
    assert regain_seconds(full) == 300
    assert app_usage(full) == 100
    assert app_usage({}) == 0


def test_retry_after() -> None:
    assert retry_after_seconds("2.5") == 2.5
    assert retry_after_seconds("1e9") == 72 * 3600
    for text in ("", "-1", "nan", "Wed, 21 Oct 2026 07:28:00 GMT"):
        assert retry_after_seconds(text) is None


def test_the_most_exact_sentence_is_shown() -> None:
    assert error_detail({"error_data": {"details": "exact"}, "message": "m"}) == "exact"
    assert error_detail({"error_data": "as text"}) == "as text"
    assert error_detail({"message": "m" * 900}) == "m" * 500
    assert error_detail({"error_data": 7}) == ""
