"""Page tokens come back as they went, to the tenant and the list that they were made for."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from kernel.cursor import InvalidCursor, Value, decode, encode

KEY = b"k" * 32
BOUND: dict[str, Any] = {"tenant": "t1", "scope": "conversations:-last_activity_at", "key": KEY}


def test_position_comes_back_with_its_types() -> None:
    at = datetime(2026, 3, 29, 1, 59, 59, 999_000, tzinfo=UTC)
    position: list[Value] = ["grüße", "", -1, 0, 2**53, None, at, "656f3c1e9b1d8a0001a1b2c3"]
    token = encode(position, **BOUND)
    assert decode(token, **BOUND) == position
    assert decode(token, **BOUND, length=8) == position
    assert token.isascii() and not set(token) & set("+/=&?#")


@pytest.mark.parametrize(
    "at",
    [
        datetime(1969, 12, 31, 23, 59, 59, 1_000, tzinfo=UTC),
        datetime(2026, 7, 1, 12, 0, 0, 1_000, tzinfo=timezone(timedelta(hours=5, minutes=45))),
        datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
    ],
)
def test_time_keeps_its_milliseconds(at: datetime) -> None:
    (back,) = decode(encode([at], **BOUND), **BOUND)
    assert back == at and isinstance(back, datetime) and back.tzinfo is UTC


def test_time_is_cut_to_the_millisecond_as_in_the_database() -> None:
    at = datetime(2026, 1, 1, 0, 0, 0, 999_999, tzinfo=UTC)
    assert decode(encode([at], **BOUND), **BOUND) == [at.replace(microsecond=999_000)]


@pytest.mark.parametrize(
    "changed", [{"tenant": "t2"}, {"scope": "contacts"}, {"key": b"x" * 32}, {"length": 3}]
)
def test_token_of_another_tenant_list_or_key_is_refused(changed: dict[str, Any]) -> None:
    token = encode(["a", 1], **BOUND)
    with pytest.raises(InvalidCursor) as caught:
        decode(token, **(BOUND | changed))
    assert (caught.value.code, caught.value.status) == ("invalid_cursor", 400)


def test_tenant_and_scope_do_not_run_together() -> None:
    token = encode(["a"], tenant="ab", scope="c", key=KEY)
    with pytest.raises(InvalidCursor):
        decode(token, tenant="a", scope="bc", key=KEY)


def test_every_changed_character_is_noticed() -> None:
    token = encode([datetime(2026, 1, 1, tzinfo=UTC), "id"], **BOUND)
    for index, character in enumerate(token):
        for other in "Ab-_9":
            if other != character:
                with pytest.raises(InvalidCursor):
                    decode(token[:index] + other + token[index + 1 :], **BOUND)


@pytest.mark.parametrize("token", ["", "a", "ä", "!!!!", "AAAA", "A" * 40, "A" * 5000, "\x00"])
def test_garbage_is_refused(token: str) -> None:
    with pytest.raises(InvalidCursor):
        decode(token, **BOUND)
    with pytest.raises(InvalidCursor):
        decode(encode(["a"], **BOUND) + "=", **BOUND)


def test_token_of_the_previous_key_is_read_during_rotation() -> None:
    token = encode(["a"], **BOUND)
    assert decode(token, **(BOUND | {"key": (b"n" * 32, KEY)})) == ["a"]


@pytest.mark.parametrize("value", [1.5, True, b"x", ["a"], datetime(2026, 1, 1)])
def test_value_without_a_sound_order_is_not_encoded(value: Any) -> None:
    with pytest.raises(TypeError):
        encode([value], **BOUND)


def test_short_key_is_refused() -> None:
    with pytest.raises(ValueError):
        encode(["a"], tenant="t", scope="s", key=b"short")
