"""No JSON value, however hostile, raises out of `explode`; `parse` raises only `Unparsable`."""

import contextlib
import copy
import dataclasses
import json
import random
import re
from collections.abc import Iterator
from typing import Any

import bson
from hypothesis import given
from hypothesis import strategies as st

from channels.providers.contract import BadItem, RawItem
from channels.providers.events import Event
from channels.providers.instagram.explode import KINDS, explode
from channels.providers.instagram.parse import parse
from channels.providers.instagram.tests.corpus import FIXTURES, read
from channels.providers.instagram.unparsable import Unparsable
from channels.providers.meta.tests.examples import share

BODIES = [read(path)["body"] for path in FIXTURES]
SIBLING = {"message": {"mid": "sibling", "text": "here"}, "sender": {"id": "5"}}

KNOWN_KEYS = st.sampled_from(
    [
        *KINDS,
        *re.findall(
            r"\S+",
            "object entry id time messaging standby changes field value sender recipient timestamp "
            "mid text attachments type payload url title reply_to story quick_reply is_echo is_self "
            "is_deleted is_unsupported action emoji num_edit from username media parent_id media_id "
            "comment_id metadata template_type generic elements kind account_id event $where a.b",
        ),
    ]
)
KNOWN_TEXTS = st.sampled_from(
    re.findall(
        r"\S+",
        "messages instagram comments mentions standby image share ig_post story_mention template "
        "react 17841400000000011 0 true 1760000000000",
    )
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


def check(payload: Any) -> list[RawItem | BadItem]:
    before = repr(payload)
    items = check_items(payload)
    assert repr(payload) == before
    return items


def check_items(payload: Any) -> list[RawItem | BadItem]:
    items = list(explode(payload))
    for item in items:
        bson.encode({"body": item.body})
        if isinstance(item, RawItem):
            assert 0 < len(item.key) <= 400
            assert len(item.address) <= 160 and len(item.order_key) <= 160
            check_parse(item.body)
        else:
            assert item.reason
    return items


def check_parse(body: Any) -> None:
    with contextlib.suppress(Unparsable):
        for event in parse(body):
            assert isinstance(event, Event)
            values = dataclasses.asdict(event)
            bson.encode(values)
            json.dumps(values, default=str, allow_nan=False)


@share(20)
@given(json_values)
def test_any_json_value(payload: Any) -> None:
    check(payload)
    check_parse(payload)


@share(20)
@given(json_values, json_values, json_values, json_values)
def test_a_sibling_of_anything_is_never_lost(
    before: Any, standby: Any, change: Any, after: Any
) -> None:
    entry = {"id": "1", "messaging": [before, SIBLING, after], "standby": standby}
    entries = [change, entry | {"changes": [change]}, after]
    items = check({"object": "instagram", "entry": entries})
    siblings = [
        item for item in items if isinstance(item, RawItem) and item.body.get("event") == SIBLING
    ]
    assert siblings


@share(15)
@given(st.sampled_from(sorted(KINDS)), json_values, json_values, json_values)
def test_anything_in_the_place_of_an_event(
    kind: str, part: Any, sender: Any, timestamp: Any
) -> None:
    event = {kind: part, "sender": sender, "recipient": {"id": sender}, "timestamp": timestamp}
    check({"entry": [{"id": sender, "time": timestamp, "messaging": [event]}]})
    check_parse({"account_id": "1", "event": event})


@share(35)
@given(st.sampled_from(BODIES), json_values, st.integers(0, 2**32), st.integers(1, 3))
def test_real_bodies_with_parts_replaced(body: Any, junk: Any, seed: int, times: int) -> None:
    broken, source = copy.deepcopy(body), random.Random(seed)
    for _ in range(times):
        places = list(_places(broken))
        if places:
            holder, key = source.choice(places)
            holder[key] = copy.deepcopy(junk)
    check(broken)


@share(10)
@given(st.sampled_from(["event", "value"]), KNOWN_TEXTS, json_values, json_values)
def test_any_item_body(key: str, field: str, item: Any, account: Any) -> None:
    check_parse({"field": field, "account_id": account, key: item})


def test_nesting_at_the_parsers_limit() -> None:
    deep_list = json.loads("[" * 900 + "]" * 900)
    deep_object = json.loads('{"a":' * 900 + "1" + "}" * 900)
    for deep in (deep_list, deep_object):
        event = {"message": {"mid": "1", "x": deep}, "sender": {"id": "2"}}
        check_items({"entry": [{"id": deep, "messaging": [event, deep, SIBLING]}]})
        check_items({"entry": [{"id": "1", "changes": [{"field": "comments", "value": event}]}]})
        check_items(deep)
        check_parse(deep)
        check_parse({"event": event})


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys: Any = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])
