"""Every documented error code leads to the outcome its class demands."""

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
from channels.providers.whatsapp.classify import classify, regain_seconds, retry_after_seconds
from channels.providers.whatsapp.errors import _RULES, Rule, rule_for

OUTCOMES = {
    "R": Transient,
    "Q": Throttled,
    "T": ChannelBroken,
    "A": ChannelBroken,
    "P": Rejected,
    "U": Rejected,
}

# The catalogue by class, kept apart from the table so that neither can drift alone.
BY_KIND = {
    "R": "1 2 131000 131014 131016 131057 133004 139102 139103 2494100",
    "Q": "4 17 32 341 613 80007 80008 130429 131048 131056 131064 131208 132015 132069 133008"
    " 133009 133015 133016 134101",
    "T": "0 3 10 102 104 190 200-299 131005 133006 134011",
    "A": "33 368 131031 131037 131042 131044 131045 133010 134102",
    "P": "100 506 130497 130501 131008 131009 131020 131021 131030 131041 131047 131051 131052"
    " 131053 131055 131059 131062 131063 131201 131202 131204 131207 131209 131210 131211 131212"
    " 131213 131214 131215 132000 132001 132005 132007 132008 132012 132016 132018 132068 133000"
    " 133005 134100 135000 138000-138025 139000-139004 139100 139101 141002"
    " 147001-147005 200005-200007 1752041 2388001 2388012 2388091 2388093 2388103"
    " 2494164-2494179 2593079 2593085 2593107 2593108 2593109",
    "U": "1026 130403 130472 131026 131049 131050 137000",
}


def each(codes: str) -> list[int]:
    """The codes of a row of the catalogue; two with a dash stand for all between them."""
    found = []
    for word in codes.split():
        first, _, last = word.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


CODES = [(code, kind) for kind, codes in BY_KIND.items() for code in each(codes)]
# Where a subcode tells more than its code.
SUBCODES = {
    "T": "100/33 190/458 190/459 190/460 190/463 190/464 190/467 190/492",
    "Q": "130429/2494055",
    "P": "100/2388019 100/2388024 100/2388040 100/2388047 100/2388072 100/2388073 100/2388273 100/2388293"
    " 100/2388299",
}
PAIRS = [(pair, kind) for kind, pairs in SUBCODES.items() for pair in pairs.split()]


@pytest.mark.parametrize(("code", "kind"), CODES)
def test_documented_code(code: int, kind: str) -> None:
    rule = rule_for(code)
    assert rule is not None
    assert rule.kind == kind
    for http_status in (400, 403, 500):
        outcome = classify(http_status, {"code": code, "message": f"(#{code}) text"})
        assert type(outcome) is OUTCOMES[kind]
        assert getattr(outcome, "code", None) == code


@pytest.mark.parametrize(("pair", "kind"), PAIRS)
def test_documented_subcode(pair: str, kind: str) -> None:
    code, subcode = map(int, pair.split("/"))
    outcome = classify(400, {"code": code, "error_subcode": subcode, "message": "text"})
    assert type(outcome) is OUTCOMES[kind]
    rule = rule_for(code, subcode)
    assert rule is not None
    assert (rule.kind, rule.subcode) == (kind, subcode)


def test_the_table_and_the_catalogue_have_the_same_rows() -> None:
    assert {rule.code for rule in _RULES.values() if rule.subcode is None} == {c for c, _ in CODES}
    pairs = {f"{r.code}/{r.subcode}" for r in _RULES.values() if r.subcode is not None}
    assert pairs == {pair for pair, _ in PAIRS}
    assert len(CODES) == len({code for code, _ in CODES})


@pytest.mark.parametrize("rule", list(_RULES.values()), ids=lambda rule: f"{rule.code}")
def test_every_rule_is_fit_to_be_shown(rule: Rule) -> None:
    assert re.fullmatch(r"[A-Z].*[^.]", rule.title)
    assert re.fullmatch(r"[A-Z].*\.", rule.advice)
    assert (rule.scope in ("number", "pair", "account", "app", "template")) == (rule.kind == "Q")
    assert rule.max_tries is None or rule.kind == "R"


@pytest.mark.parametrize("subcode", [458, 459, 460, 463, 464, 467, 492])
def test_token_subcodes_say_what_happened_to_the_token(subcode: int) -> None:
    outcome = classify(401, {"code": 190, "error_subcode": subcode})
    assert isinstance(outcome, ChannelBroken)
    assert outcome.title != "The access token is invalid"
    plain = classify(401, {"code": 190, "error_subcode": 999})
    assert isinstance(plain, ChannelBroken)
    assert plain.title == "The access token is invalid"


def test_a_missing_object_is_not_a_bad_parameter() -> None:
    assert isinstance(classify(400, {"code": 100, "error_subcode": 33}), ChannelBroken)
    assert isinstance(classify(400, {"code": 100, "error_subcode": 2494010}), Rejected)
    assert isinstance(classify(400, {"code": "131047"}), Rejected)


def test_a_missing_proof_concerns_the_channel_not_the_message() -> None:
    message = "API calls from the server require an appsecret_proof argument"
    assert isinstance(classify(400, {"code": 100, "message": message}), ChannelBroken)


@pytest.mark.parametrize(
    ("code", "scope"),
    [
        (4, "app"),
        (80007, "account"),
        (130429, "number"),
        (131048, "number"),
        (131056, "pair"),
        (132015, "template"),
    ],
)
def test_throttling_names_who_slows_down(code: int, scope: str) -> None:
    outcome = classify(400, {"code": code})
    assert isinstance(outcome, Throttled)
    assert outcome.scope == scope


def waits(code: int, **given: Any) -> float | None:
    outcome = classify(400, {"code": code}, **given)
    assert isinstance(outcome, Throttled)
    return outcome.retry_after


def test_the_longest_wait_counts() -> None:
    assert waits(131056) is None
    assert waits(131056, retry_after=7) == 7
    assert waits(130429, retry_after=0) == 1
    assert waits(132015, retry_after=5) == 3 * 3600
    row = {"type": "whatsapp", "call_count": 100, "estimated_time_to_regain_access": 19}
    usage = {"X-Business-Use-Case-Usage": json.dumps({"301": [row]})}
    assert waits(80007, usage_headers=usage) == 19 * 60


def test_usage_headers_that_say_nothing_or_nonsense() -> None:
    assert regain_seconds({}) is None
    assert regain_seconds({"x-app-usage": '{"call_count":28,"total_time":25}'}) is None
    assert regain_seconds({"X-App-Usage": '{"call_count":100}'}) == 300
    for text in ("", "[]", "nonsense", "[" * 100_000, '{"1": 7}', '{"1": [7]}'):
        assert regain_seconds({"x-business-use-case-usage": text, "x-app-usage": text}) is None
    assert retry_after_seconds("2.5") == 2.5
    assert retry_after_seconds("1e9") == 72 * 3600
    for text in ("", "-1", "nan", "Wed, 21 Oct 2026 07:28:00 GMT"):
        assert retry_after_seconds(text) is None


def test_undocumented_codes_go_by_status() -> None:
    strange = {"code": 987654, "message": "strange"}
    assert isinstance(classify(500, strange), Transient)
    assert isinstance(classify(400, strange | {"is_transient": True}), Transient)
    assert classify(429, strange, retry_after=9) == Throttled(
        code=987654, scope="number", retry_after=9, title="Error 987654"
    )
    assert isinstance(classify(401, strange), ChannelBroken)
    rejected = classify(400, strange)
    assert isinstance(rejected, Rejected)
    assert (rejected.code, rejected.detail) == (987654, "strange")
    assert rejected.advice


def test_answers_without_a_code_go_by_status_too() -> None:
    assert classify(503, {}) == Transient(code=503, title="Error 503")
    assert isinstance(classify(429, {}), Throttled)
    assert isinstance(classify(401, {}), ChannelBroken)
    assert isinstance(classify(400, {}), Rejected)
    assert isinstance(classify(302, {}), Transient)
    assert isinstance(classify(504, {}), Unknown)
    assert isinstance(classify(504, {"code": 2}), Transient)


def test_429_on_top_of_a_refusal_is_still_throttling() -> None:
    assert isinstance(classify(429, {"code": 1}, retry_after=3), Throttled)
    assert isinstance(classify(429, {"code": 131056}), Throttled)
    assert isinstance(classify(429, {"code": 190}), ChannelBroken)


def test_details_are_the_most_exact_sentence() -> None:
    data = {"messaging_product": "whatsapp", "details": "exact"}
    for error, detail in (
        ({"code": 100, "message": "m", "error_data": data}, "exact"),
        ({"code": 100, "message": "m", "error_data": "as text"}, "as text"),
        ({"code": 100, "message": "m", "error_user_msg": "for people"}, "for people"),
        ({"code": 100, "message": "m" * 900}, "m" * 500),
        ({"code": 100, "error_data": 7}, ""),
    ):
        outcome = classify(400, error)
        assert isinstance(outcome, Rejected)
        assert outcome.detail == detail
