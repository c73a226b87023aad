"""A wrong type reads as absent; what has several spellings is understood in each."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.providers.meta.access import (
    as_flag,
    as_int,
    as_list,
    as_object,
    as_objects,
    as_text,
    as_texts,
    as_time,
)

MOMENT = datetime(2025, 10, 9, 8, 53, 21, tzinfo=UTC)
WRONG: list[Any] = [None, [], {}, True, math.nan, math.inf, 2**80, "x"]


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1760000001, MOMENT),
        ("1760000001", MOMENT),
        (1760000001045, MOMENT + timedelta(milliseconds=45)),
        ("1760000001045", MOMENT + timedelta(milliseconds=45)),
        (1760000001.0, MOMENT),
        ("2025-10-09T08:53:21+0000", MOMENT),
        ("2025-10-09T11:53:21+03:00", MOMENT),
        ("2025-10-09T08:53:21", MOMENT),
    ],
)
def test_times_are_told_apart_by_magnitude(value: Any, moment: datetime) -> None:
    assert as_time({"t": value}, "t") == moment


@pytest.mark.parametrize(
    "value",
    [
        *WRONG,
        0,
        -5,
        7,
        99999999999999999,
        10**13 + 1,
        "0001-01-01T00:00:00+23:59",
        "2999-01-01T00:00",
    ],
)
def test_an_absurd_time_is_none(value: Any) -> None:
    assert as_time({"t": value}, "t") is None


def test_wrong_types_read_as_absent() -> None:
    for source in (None, [], "text", 7, *({"k": value} for value in WRONG)):
        assert as_text(source, "k") in ("", "x")
        assert as_object(source, "k") == {}
        assert as_list(source, "k") == []
        assert as_int(source, "k") is None
        assert isinstance(as_flag(source, "k"), bool)


def test_spellings() -> None:
    assert as_text({"k": 17841400000000011}, "k") == "17841400000000011"
    assert as_int({"k": "12"}, "k") == 12
    assert as_flag({"k": "True"}, "k") and as_flag({"k": True}, "k")
    assert as_objects({"k": [1, {}, {"a": 1}]}, "k") == [{}, {"a": 1}]
    assert as_texts({"a": "x", "b": "", "c": 7}, "a", "b", "c", "d") == {"a": "x", "c": "7"}
