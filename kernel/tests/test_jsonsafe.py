"""Any JSON value becomes one that BSON and strict JSON accept, and nothing vanishes unseen."""

import json
from typing import Any

import bson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.jsonsafe import MAX_DEPTH, TooDeep, pruned, storable, storable_json, storable_text

wild_text = st.text(alphabet=st.characters(codec=None), max_size=20)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | wild_text | st.just(2**63)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(wild_text, inner, max_size=4),
    max_leaves=20,
)


def nested(depth: int) -> Any:
    value: Any = "core"
    for level in range(depth):
        value = [value] if level % 2 else {"k": value}
    return value


def test_text_loses_nul_and_lone_surrogates_visibly() -> None:
    assert storable_text("a\x00b\ud83dc") == "a\u2400b\ufffdc"
    assert storable_text("שלום 😀") == "שלום 😀"


def test_keys_are_made_field_names_and_never_collide() -> None:
    value = storable({"a.b": 1, "a．b": 2, "$set": 3, "x$y": 4, "n\x00l": 5, "": 6})
    assert value == {"a．b": 1, "a．b_": 2, "＄set": 3, "x$y": 4, "n␀l": 5, "": 6}


def test_numbers_that_would_be_rounded_or_refused_become_text() -> None:
    assert storable([2**53, 2**53 + 1, -(2**53) - 1]) == [
        2**53,
        "9007199254740993",
        "-9007199254740993",
    ]
    assert storable(json.loads("[NaN, Infinity, -1e999]")) == ["NaN", "Infinity", "-Infinity"]
    assert storable(10**20_000).startswith("0x")
    assert storable(True) is True


def test_depth_is_limited_exactly() -> None:
    assert storable(nested(MAX_DEPTH)) == nested(MAX_DEPTH)
    with pytest.raises(TooDeep, match="too deeply"):
        storable(nested(MAX_DEPTH + 1))
    with pytest.raises(TooDeep):
        storable(nested(50_000))


def test_pruned_keeps_what_is_above_the_limit() -> None:
    assert pruned({"a": [1, {"b": [2]}]}, max_depth=3) == {"a": [1, {"b": "…"}]}
    assert pruned(nested(50_000), max_depth=1) in (["…"], {"k": "…"})


def test_what_is_not_json_is_a_programming_error() -> None:
    for value in (b"bytes", {1: "key"}, {"when": object()}):
        with pytest.raises(TypeError):
            storable(value)


def test_the_original_is_left_alone() -> None:
    original = {"a.b": ["x\x00"]}
    storable(original)
    assert original == {"a.b": ["x\x00"]}


@settings(max_examples=300, deadline=None)
@given(json_values)
def test_every_json_value_survives_bson_and_strict_json(value: Any) -> None:
    safe = pruned(value)
    assert bson.decode(bson.encode({"v": safe}))["v"] == safe
    assert json.loads(json.dumps(safe, allow_nan=False)) == safe
    assert storable(safe) == safe


tricky_text = st.text(alphabet=st.sampled_from('a.$"\\:,{[\x00\ud83d1é'), max_size=6)
tricky_json = st.recursive(
    st.none() | st.integers() | st.floats() | tricky_text | st.integers(2**52, 2**54),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(tricky_text, inner, max_size=3),
    max_leaves=12,
)


@given(json_values | tricky_json)
@settings(max_examples=600, deadline=None)
def test_the_short_way_finds_the_same_as_the_long_one(value: Any) -> None:
    assert repr(storable_json(value)) == repr(storable(value))


@pytest.mark.parametrize("depth", range(1, 25))
def test_the_short_way_refuses_the_same_depth(depth: int) -> None:
    try:
        expected = storable(nested(depth))
    except TooDeep:
        with pytest.raises(TooDeep):
            storable_json(nested(depth))
    else:
        assert storable_json(nested(depth)) == expected


def test_what_needs_no_change_is_not_copied() -> None:
    value = {"id": "wamid.HBg=", "n": 1722430000, "text": {"body": "Hi. $5?"}}
    assert storable_json(value) is value
