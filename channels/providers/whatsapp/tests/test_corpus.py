"""The whole corpus again, as Meta might send it tomorrow: with less, with more, and in company."""

import copy
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from channels.providers.contract import BadItem, RawItem
from channels.providers.whatsapp.change import PHONE_NUMBER_ID, WABA_ID
from channels.providers.whatsapp.explode import LISTS, explode
from channels.providers.whatsapp.tests.bare import POORER, bare
from channels.providers.whatsapp.tests.test_fixtures import FIXTURES, events_of, read

OTHER = {
    "id": "900000000000001",
    "changes": [
        {
            "field": "messages",
            "value": {
                "metadata": {"phone_number_id": "900000000000002"},
                "messages": [
                    {
                        "id": "wamid.OTHER",
                        "from": "15550001111",
                        "type": "text",
                        "text": {"body": "another tenant's"},
                    }
                ],
            },
        }
    ],
}
UNKNOWN = "brand_new"
LISTED = [path for path in FIXTURES if isinstance(read(path)["body"], dict)]


def cut(body: Any) -> list[RawItem]:
    return [item for item in explode(body) if isinstance(item, RawItem)]


def events(body: Any) -> list[dict[str, Any]]:
    return events_of(cut(body))


OTHER_EVENTS = events({"entry": [OTHER]})


@pytest.mark.parametrize("path", LISTED, ids=lambda path: path.stem)
def test_any_property_may_be_missing(path: Path) -> None:
    """Nothing but `Unparsable` is raised (`events_of` catches no more), and the others arrive."""
    body = read(path)["body"]
    dropped = 0
    for holder_path, key in list(_properties(body)):
        if (holder_path, key) == ((), "entry"):
            continue
        less = copy.deepcopy(body)
        del _at(less, holder_path)[key]
        if not isinstance(less["entry"], list):
            continue
        less["entry"] = [OTHER, *less["entry"], OTHER]
        found = events(less)
        assert found[:1] == OTHER_EVENTS == found[-1:], (holder_path, key)
        assert all(item.reason for item in explode(less) if isinstance(item, BadItem))
        dropped += 1
    assert dropped


@pytest.mark.parametrize("path", LISTED, ids=lambda path: path.stem)
def test_without_optional_properties_each_still_lands(path: Path) -> None:
    """All are gone at once, and each item still is an event of the kind that it was."""
    body = read(path)["body"]
    less = bare(body)
    assert len(list(explode(less))) == len(list(explode(body)))
    if path.stem == "one_message_too_deep":  # what lay too deep is gone as well
        return
    wanted = [event.get("event", "unparsable") for event in events(body)]
    found = [event.get("event", "unparsable") for event in events(less)]
    assert len(found) == len(wanted)
    for had, has in zip(wanted, found, strict=True):
        assert has == had or has in POORER.get(had, ())


@pytest.mark.parametrize("chunk", [{}, {"threads": []}, {"metadata": {}}, {"errors": []}])
def test_a_part_of_a_history_that_says_nothing_is_a_notice_still(chunk: Any) -> None:
    change = {"field": "history", "value": {"history": [chunk]}}
    (event,) = events({"entry": [{"id": "1", "changes": [change]}]})
    assert (event["event"], event["topic"]) == ("AccountNotice", "history")


@pytest.mark.parametrize("path", LISTED, ids=lambda path: path.stem)
def test_an_item_without_a_property_costs_its_neighbours_nothing(path: Path) -> None:
    body = read(path)["body"]
    for list_path in list(_lists(body)):
        original = _at(body, list_path)[0]
        if not isinstance(original, dict):
            continue
        before = _renamed(original)
        after = _renamed(before)
        alone = copy.deepcopy(body)
        _at(alone, list_path)[:] = [before, after]
        wanted = _told(events(alone))
        for holder_path, key in list(_properties(original)):
            broken = copy.deepcopy(original)
            del _at(broken, holder_path)[key]
            both = copy.deepcopy(body)
            _at(both, list_path)[:] = [before, broken, after]
            assert wanted <= _told(events(both)), (list_path, holder_path, key)


@pytest.mark.parametrize("path", LISTED, ids=lambda path: path.stem)
def test_unknown_properties_change_nothing(path: Path) -> None:
    body = read(path)["body"]
    more = _with_unknown(body)
    assert _without_unknown(events(more)) == events(body)
    own = [item.key for item in cut(body) if "sha256" not in item.key]
    assert own == [item.key for item in cut(more) if "sha256" not in item.key]


def test_all_bodies_in_one_are_what_they_are_apart() -> None:
    bodies = [read(path)["body"] for path in LISTED]
    bodies = [body for body in bodies if isinstance(body.get("entry"), list)]
    apart = [event for body in bodies for event in events(body)]
    together = {"entry": [entry for body in bodies for entry in body["entry"]]}
    assert events(together) == apart
    assert len(bodies) >= 150


@pytest.mark.parametrize("path", LISTED, ids=lambda path: path.stem)
def test_items_are_routed_by_what_they_name(path: Path) -> None:
    for item in cut(read(path)["body"]):
        assert item.address_kind in (PHONE_NUMBER_ID, WABA_ID)
        number = item.body["metadata"].get("phone_number_id", "")
        if number:
            assert (item.address_kind, item.address) == (PHONE_NUMBER_ID, number)
        if item.address_kind == WABA_ID:
            assert item.address


@pytest.mark.parametrize("path", LISTED, ids=lambda path: path.stem)
def test_an_item_of_a_person_is_in_that_persons_lane(path: Path) -> None:
    for item in cut(read(path)["body"]):
        for event in events_of([item]):
            who = event.get("previous") or event.get("sender") or event.get("person")
            if isinstance(who, dict):
                assert item.order_key in [identity["value"] for identity in who["identities"]]


# ------------------------------------------------------------------------- walking a body


def _properties(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """The path of each object in ``value``, with each of its keys; of a list, the first few."""
    inner = value.items() if isinstance(value, dict) else enumerate(value[:4])
    for key, item in inner:
        if isinstance(value, dict):
            yield path, key
        if isinstance(item, dict | list):
            yield from _properties(item, (*path, key))


def _lists(body: Any) -> Iterator[tuple[Any, ...]]:
    """The path of each list of a body whose elements are items of their own."""
    for e, entry in enumerate(body["entry"] if isinstance(body.get("entry"), list) else []):
        for c, change in enumerate(entry.get("changes", []) if isinstance(entry, dict) else []):
            value = change.get("value") if isinstance(change, dict) else None
            for name in LISTS.get(change.get("field", ""), ()) if isinstance(value, dict) else ():
                if isinstance(value.get(name), list) and value[name]:
                    yield ("entry", e, "changes", c, "value", name)
            for h, chunk in enumerate(value.get("history", []) if isinstance(value, dict) else []):
                for t, thread in enumerate(chunk.get("threads", [])):
                    if isinstance(thread, dict) and thread.get("messages"):
                        where = ("entry", e, "changes", c, "value", "history", h)
                        yield (*where, "threads", t, "messages")


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _renamed(item: Any) -> Any:
    """The same item under another id, also of what is inside."""
    if isinstance(item, dict):
        return {
            key: f"{value}N" if key == "id" and str(value).startswith("wa") else _renamed(value)
            for key, value in item.items()
        }
    return [_renamed(value) for value in item] if isinstance(item, list) else item


def _told(found: list[dict[str, Any]]) -> Counter[str]:
    keys = ("event", "external_id", "type", "status", "what", "text", "sentence", "unparsable")
    return Counter(json.dumps([event.get(key) for key in keys]) for event in found)


def _with_unknown(value: Any) -> Any:
    if isinstance(value, dict):
        more = {key: _with_unknown(item) for key, item in value.items()}
        return more | {UNKNOWN: {"list": [1, None], "text": "?"}}
    return [_with_unknown(item) for item in value] if isinstance(value, list) else value


def _without_unknown(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_unknown(item) for key, item in value.items() if key != UNKNOWN}
    return [_without_unknown(item) for item in value] if isinstance(value, list) else value
