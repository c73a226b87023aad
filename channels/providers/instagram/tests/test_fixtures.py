"""Every recorded shape of a webhook becomes exactly the items and events it stands for.

The same holds when it comes twice, in one body with others, with properties that nobody knows,
and, as far as there is anything to show, when every optional property is missing.
"""

import copy
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bson
import pytest

from channels.providers.contract import BadItem, RawItem
from channels.providers.instagram.explode import explode
from channels.providers.instagram.tests.bare import POORER, bare
from channels.providers.instagram.tests.corpus import FIXTURES, events_of, read

each_fixture = pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
WHOLE = [
    path
    for path in FIXTURES
    if isinstance(read(path)["body"], dict) and not read(path)["expect"]["bad"]
]
STRANGE = "added_by_meta"


@each_fixture
def test_fixture_becomes_its_items_and_events(path: Path) -> None:
    fixture = read(path)
    expect = fixture["expect"]
    cut = list(explode(fixture["body"]))
    items = [item for item in cut if isinstance(item, RawItem)]
    assert len(cut) == expect["items"]
    assert len(cut) - len(items) == expect["bad"]
    assert all(item.reason for item in cut if isinstance(item, BadItem))
    found = events_of(items)
    assert len(found) == len(expect["events"])
    for event, wanted in zip(found, expect["events"], strict=True):
        assert {key: event.get(key) for key in wanted} == wanted
    for name, values in (
        ("keys", [item.key for item in items]),
        ("order_keys", [item.order_key for item in items]),
        ("addresses", [[item.address_kind, item.address] for item in items]),
    ):
        assert values == expect.get(name, values)


@each_fixture
def test_fixture_can_be_stored_and_a_redelivery_is_recognised(path: Path) -> None:
    body = read(path)["body"]
    first, again = list(explode(body)), list(explode(copy.deepcopy(body)))
    assert first == again
    keys = [item.key for item in first if isinstance(item, RawItem)]
    twice = path.stem == "comment_announced_twice_for_a_boosted_post"
    assert len(set(keys)) == (1 if twice else len(keys)) or path.stem.startswith("same_mid")
    for item in first:
        stored = bson.decode(bson.encode({"body": item.body}))["body"]
        assert stored == item.body
        if isinstance(item, RawItem):
            assert events_of([dataclasses.replace(item, body=stored)]) == events_of([item])


def test_a_postback_without_id_is_recognised_in_another_batch() -> None:
    body = read(FIXTURES[0].with_name("postback_without_mid.json"))["body"]
    later = copy.deepcopy(body)
    later["entry"][0]["time"] += 5000
    assert [i.key for i in explode(body)] == [i.key for i in explode(later)]
    later["entry"][0]["messaging"][0]["timestamp"] += 1
    assert [i.key for i in explode(body)] != [i.key for i in explode(later)]


def test_all_bodies_in_one_and_among_strangers_land_the_same() -> None:
    strangers = [
        None,
        {"id": "1", "time": 1, "messaging": [{"message": {}}, 7]},
        {"id": "17841400000000099", "changes": [{"field": "comments", "value": {"id": "1"}}]},
    ]
    bodies = [read(path)["body"] for path in WHOLE]
    entries = [entry for body in bodies for entry in (*body["entry"], *strangers)]
    together = list(explode({"object": "instagram", "entry": entries}))
    ours = [
        item
        for item in together
        if isinstance(item, RawItem) and item.address != "17841400000000099"
    ]
    assert events_of(ours) == [event for body in bodies for event in events_of(explode(body))]
    assert sum(isinstance(item, BadItem) for item in together) == sum(3 for _ in bodies)


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_unknown_properties_change_nothing(path: Path) -> None:
    body = read(path)["body"]
    richer = copy.deepcopy(body)
    for place in list(_objects(richer)):
        place[STRANGE] = {"deep": [1, {"er": None}]}
    found = events_of(explode(richer))
    for event in found:
        for place in list(_objects(event)):
            place.pop(STRANGE, None)
    assert found == events_of(explode(body))


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_without_optional_properties_each_still_lands(path: Path) -> None:
    body = read(path)["body"]
    wanted = [event.get("event", "unparsable") for event in events_of(explode(body))]
    found = [event.get("event", "unparsable") for event in events_of(explode(bare(body)))]
    assert len(found) == len(wanted)
    for had, has in zip(wanted, found, strict=True):
        assert has == had or has in POORER.get(had, ())


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_whatever_is_missing_siblings_are_not_lost(path: Path) -> None:
    body = read(path)["body"]
    total = len(list(explode(body)))
    for count, (place, name) in enumerate(list(_properties(body))):
        poorer = copy.deepcopy(body)
        target, key = list(_properties(poorer))[count]
        assert (set(target), key) == (set(place), name)
        del target[key]
        left = list(explode(poorer))
        events_of(left)
        if name not in ("entry", "messaging", "standby", "changes", "field"):
            assert len(left) == total


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from _objects(inner)


def _properties(value: Any) -> Iterator[tuple[dict[str, Any], str]]:
    for place in _objects(value):
        for name in place:
            yield place, name
