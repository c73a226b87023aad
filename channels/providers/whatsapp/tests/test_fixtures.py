"""Every recorded shape of a webhook becomes exactly the items and events it stands for."""

import dataclasses
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import bson
import pytest

from channels.providers import provider_for, provider_for_object
from channels.providers.contract import BadItem, RawItem
from channels.providers.whatsapp.explode import explode
from channels.providers.whatsapp.parse import Unparsable, parse

FIXTURES = sorted((Path(__file__).parent.parent / "fixtures").glob("*.json"))


def read(path: Path) -> dict[str, Any]:
    fixture: dict[str, Any] = json.loads(path.read_text())
    return fixture


def events_of(items: list[RawItem]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for item in items:
        try:
            found += [shown(event) for event in parse(item.body)]
        except Unparsable as error:
            found.append({"unparsable": error.reason})
    return found


def shown(event: Any) -> dict[str, Any]:
    """An event as the fixtures write it: its class, its values, times in ISO form."""

    def plain(value: Any) -> Any:
        return value.isoformat() if isinstance(value, datetime) else value

    values = json.loads(json.dumps(dataclasses.asdict(event), default=plain))
    return {"event": type(event).__name__, **values}


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
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


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixture_can_be_stored_and_a_redelivery_is_recognised(path: Path) -> None:
    body = read(path)["body"]
    first, again = list(explode(body)), list(explode(body))
    assert first == again
    keys = [item.key for item in first if isinstance(item, RawItem)]
    assert len(set(keys)) == len(keys)
    for item in first:
        stored = bson.decode(bson.encode({"body": item.body}))["body"]
        assert stored == item.body
        if isinstance(item, RawItem):
            assert events_of([dataclasses.replace(item, body=stored)]) == events_of([item])


def test_an_item_carries_its_own_persons_contact_only() -> None:
    carried = {
        path.stem: [item.body["contacts"] for item in explode(read(path)["body"])]
        for path in FIXTURES
        if path.stem.startswith(("lone_contact", "two_senders", "status_of_group", "brazilian"))
    }
    assert carried == {
        "brazilian_ninth_digit": [[{"profile": {"name": "Rui"}, "wa_id": "5511987654321"}]],
        "lone_contact_of_somebody_else": [[]],
        "status_of_group_participants": [[{"wa_id": "972500000001"}], [{"wa_id": "972500000002"}]],
        "two_senders_and_a_lone_contact": [[], []],
    }


def test_the_registry_finds_whatsapp() -> None:
    assert len(FIXTURES) >= 35
    provider = provider_for("whatsapp")
    assert provider_for_object("whatsapp_business_account") is provider
    assert provider_for_object("page") is None
    assert provider_for_object(["unhashable"]) is None
    with pytest.raises(KeyError):
        provider_for("telegraph")
    body = read(FIXTURES[0])["body"]
    assert list(provider.explode(body)) == list(explode(body))
