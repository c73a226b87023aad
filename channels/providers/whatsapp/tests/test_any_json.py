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
from hypothesis import given
from hypothesis import strategies as st

from channels.providers.contract import BadItem, RawItem
from channels.providers.events import AccountNotice, Event, Ignored, Person
from channels.providers.meta.tests.examples import share
from channels.providers.whatsapp.content import _READERS
from channels.providers.whatsapp.explode import LISTS, explode
from channels.providers.whatsapp.parse import Unparsable, parse

FIXTURES = sorted((Path(__file__).parent.parent / "fixtures").glob("*.json"))
BODIES = [json.loads(path.read_text())["body"] for path in FIXTURES]

KNOWN_KEYS = st.sampled_from(
    re.findall(
        r"\S+",
        "object entry id time changes field value metadata phone_number_id contacts wa_id user_id "
        "profile name messages statuses errors from timestamp type text body image reaction "
        "message_id emoji status recipient_id system context referral code error_data details "
        "interactive button location latitude longitude message error $where a.b to direction "
        "event calls message_echoes history threads progress phase history_context state_sync "
        "contact phone_number action user_preferences category user_id_update previous current "
        "groups automatic_events edit revoke original_message_id order product_items nfm_reply "
        "response_json call_permission_reply message_template_id message_template_name reason "
        "restriction_info ban_info disconnection_info alert_info phone_number_settings session "
        "display_phone_number identity origin phones from_user_id recipient_user_id duration",
    )
)
FIELDS = sorted(
    {
        change["field"]
        for body in BODIES
        for entry in (body.get("entry") if isinstance(body, dict) else None) or []
        for change in (entry.get("changes") if isinstance(entry, dict) else None) or []
        if isinstance(change, dict) and change.get("field")
    }
)
KNOWN_TEXTS = st.sampled_from(
    ["messages", "whatsapp_business_account", "text", "failed", "read", "1", "IL.1", "edit",
     "revoke", "stop", "nfm_reply", "user_changed_number", "contact_request", "{\"a\": [1]}",
     "BUSINESS_INITIATED", "call", "READ", *FIELDS, *_READERS]
)  # fmt: skip
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
            check_event(event)
            values = dataclasses.asdict(event)
            bson.encode(values)
            json.dumps(values, default=str, allow_nan=False)


def check_event(event: Event) -> None:
    """What the pipelines rely on: everybody has a name to be found by, and words have bounds."""
    people = [value for value in vars(event).values() if isinstance(value, Person)]
    assert all(person.identities for person in people)
    if isinstance(event, Ignored):
        assert re.fullmatch(r"[A-Za-z0-9_:-]{1,120}", event.reason)
    if isinstance(event, AccountNotice):
        assert 0 < len(event.sentence) <= 500
        assert event.severity in ("info", "warning", "critical")


@share(20)
@given(json_values)
def test_any_json_value(payload: Any) -> None:
    check(payload)
    check_parse(payload)


@share(15)
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


@share(40)
@given(st.sampled_from(BODIES), json_values, st.integers(0, 2**32), st.integers(1, 3))
def test_real_bodies_with_parts_replaced(body: Any, junk: Any, seed: int, times: int) -> None:
    broken, source = copy.deepcopy(body), random.Random(seed)
    for _ in range(times):
        places = list(_places(broken))
        if places:
            holder, key = source.choice(places)
            holder[key] = copy.deepcopy(junk)
    check(broken)


@share(15)
@given(
    st.sampled_from(["message", "status", "error", "value", "echo", "call", "thread", "item"]),
    st.sampled_from(FIELDS),
    json_values,
    json_values,
)
def test_any_item_body(key: str, field: str, item: Any, contacts: Any) -> None:
    check_parse({"field": field, "contacts": contacts, key: item})


GOOD = {
    "messages": {"id": "wamid.GOOD", "from": "15550001111", "type": "text", "text": {"body": "a"}},
    "message_echoes": {"id": "wamid.GOOD", "to": "15550001111", "type": "sticker"},
    "statuses": {"id": "wamid.GOOD", "status": "read", "type": "message"},
    "calls": {"id": "wamid.GOOD", "from": "15550001111", "event": "connect"},
    "history": {"threads": [{"id": "15550001111", "messages": [{"id": "wamid.GOOD"}]}]},
}
PLACES = [(field, name) for field, names in LISTS.items() for name in names if name in GOOD]


@share(10)
@given(
    st.sampled_from(PLACES),
    st.lists(json_values, max_size=3),
    st.lists(json_values, max_size=3),
    json_values,
)
def test_no_junk_costs_a_sibling(
    place: tuple[str, str], before: list[Any], after: list[Any], contacts: Any
) -> None:
    field, name = place
    value = {name: [*before, GOOD[name], *after], "contacts": contacts, "errors": before}
    payload = {"entry": [{"changes": [{"field": field, "value": value}]}, *before]}
    check(payload)
    assert "wamid.GOOD" in [
        event["external_id"] for event in found_in(payload) if "external_id" in event
    ]


def test_a_thread_loses_none_of_its_messages_to_a_bad_one() -> None:
    deep = json.loads('{"a":' * 900 + "1" + "}" * 900)
    good = [{"id": f"wamid.{n}", "from": "1", "type": "text"} for n in range(50)]
    bad = [deep, {"id": "wamid.x", "deep": deep}, None, {"id": ["no"]}]
    mixed = [message for pair in zip(good, bad * 13, strict=False) for message in pair]
    chunk = {"metadata": {"phase": deep}, "threads": [{"id": "1", "messages": mixed}, deep]}
    payload = {"entry": [{"changes": [{"field": "history", "value": {"history": [chunk]}}]}]}
    found = [event["external_id"] for event in found_in(payload) if "external_id" in event]
    assert found == [message["id"] for message in good]


def found_in(payload: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for item in explode(payload):
        if isinstance(item, RawItem):
            with contextlib.suppress(Unparsable):
                found += [vars(event) for event in parse(item.body)]
    return found


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
