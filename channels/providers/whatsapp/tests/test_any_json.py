"""No JSON value, however hostile, raises out of `explode`; `parse` raises only `Unparsable`."""

import contextlib
import copy
import dataclasses
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bson
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.providers.contract import BadItem, RawItem
from channels.providers.events import Event
from channels.providers.whatsapp.content import _READERS
from channels.providers.whatsapp.explode import explode
from channels.providers.whatsapp.parse import Unparsable, parse

FIXTURES = sorted((Path(__file__).parent.parent / "fixtures").glob("*.json"))
BODIES = [json.loads(path.read_text())["body"] for path in FIXTURES]

KNOWN_KEYS = st.sampled_from(
    re.findall(
        r"\S+",
        "object entry id time changes field value metadata phone_number_id contacts wa_id user_id "
        "profile name messages statuses errors from timestamp type text body image reaction "
        "message_id emoji status recipient_id system context referral code error_data details "
        "interactive button location latitude longitude message error $where a.b",
    )
)
KNOWN_TEXTS = st.sampled_from(
    ["messages", "whatsapp_business_account", "text", "failed", "read", "1", "IL.1", *_READERS]
)
wild_text = st.text(alphabet=st.characters(codec=None), max_size=8)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | wild_text | KNOWN_TEXTS
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KNOWN_KEYS | wild_text, inner, max_size=6)
    ),
    max_leaves=25,
)


def check(payload: Any) -> None:
    before = copy.deepcopy(payload)
    check_items(payload)
    assert repr(payload) == repr(before)


def check_items(payload: Any) -> None:
    for item in explode(payload):
        bson.encode({"body": item.body})
        if isinstance(item, RawItem):
            assert 0 < len(item.key) < 4096
            check_parse(item.body)
        else:
            assert isinstance(item, BadItem)
            assert item.reason


def check_parse(body: Any) -> None:
    with contextlib.suppress(Unparsable):
        for event in parse(body):
            assert isinstance(event, Event)
            values = dataclasses.asdict(event)
            bson.encode(values)
            json.dumps(values, default=str, allow_nan=False)


@settings(max_examples=100, deadline=None)
@given(json_values)
def test_any_json_value(payload: Any) -> None:
    check(payload)
    check_parse(payload)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(json_values, max_size=3), st.lists(json_values, max_size=3), json_values, json_values
)
def test_any_value_in_the_place_of_items(
    messages: list[Any], statuses: list[Any], metadata: Any, contacts: Any
) -> None:
    value = {
        "metadata": metadata,
        "contacts": contacts,
        "messages": messages,
        "statuses": statuses,
        "errors": [contacts],
    }
    check({"entry": [{"id": metadata, "changes": [{"field": "messages", "value": value}]}]})


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(BODIES), json_values, st.integers(0, 2**32), st.integers(1, 3))
def test_real_bodies_with_parts_replaced(body: Any, junk: Any, seed: int, times: int) -> None:
    broken, source = copy.deepcopy(body), random.Random(seed)
    for _ in range(times):
        places = list(_places(broken))
        if places:
            holder, key = source.choice(places)
            holder[key] = copy.deepcopy(junk)
    check(broken)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["message", "status", "error", "value"]), json_values, json_values)
def test_any_item_body(key: str, item: Any, contacts: Any) -> None:
    check_parse({"field": "messages", "contacts": contacts, key: item})


def test_nesting_at_the_parsers_limit() -> None:
    deep_list = json.loads("[" * 900 + "]" * 900)
    deep_object = json.loads('{"a":' * 900 + "1" + "}" * 900)
    for deep in (deep_list, deep_object):
        value = {"messages": [{"id": "wamid.1", "x": deep}, deep], "contacts": [deep]}
        for field in ("messages", "other"):
            check_items({"entry": [{"id": deep, "changes": [{"field": field, "value": value}]}]})
        check_items(deep)
        check_parse(deep)
        check_parse({"message": {"id": "wamid.1", "from": deep}})


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys: Any = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])
