"""The delivery state is a lattice join: no order, repetition or gap changes what it comes to."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.models import MessageUpdate
from messaging.status import RANK, higher, join

AT = datetime(2026, 1, 1, tzinfo=UTC)
STATUSES = ["unknown", "accepted", "sent", "delivered", "read", "played", "failed"]


def update(status, second=0, **fields):
    error = {"code": 131026, "title": "t", "advice": "a"} if status == "failed" else None
    return MessageUpdate(kind="status", status=status, error=error, provider_at=AT + timedelta(seconds=second),
                         created_at=AT, **fields)  # fmt: skip


@given(
    st.lists(st.sampled_from(STATUSES), max_size=7).flatmap(
        lambda s: st.tuples(st.just(s), st.permutations(s))
    )
)
def test_every_order_and_repetition_comes_to_the_same(pair):
    given_, shuffled = pair
    expected = join("queued", map(update, given_))
    for some in (shuffled, shuffled + shuffled):
        found = join("queued", map(update, some))
        assert (found.status, found.error) == (expected.status, expected.error)


@given(st.sampled_from(STATUSES), st.sampled_from(STATUSES), st.sampled_from(STATUSES))
def test_the_join_is_commutative_associative_and_idempotent(a, b, c):
    assert higher(a, b) == higher(b, a)
    assert higher(a, higher(b, c)) == higher(higher(a, b), c)
    assert higher(a, a) == a


@pytest.mark.parametrize("statuses, expected", [
    ([], "queued"),
    (["sent", "accepted"], "sent"),
    (["read"], "read"),
    (["delivered", "sent", "accepted"], "delivered"),
    (["failed", "sent"], "failed"),
    (["failed", "delivered"], "delivered"),
    (["read", "failed", "sent"], "read"),
    (["unknown", "accepted"], "accepted"),
    (["accepted", "unknown"], "accepted"),
    (["unknown", "failed"], "failed"),
    (["played", "read"], "played"),
])  # fmt: skip
def test_what_stands_in_the_end(statuses, expected):
    assert join("queued", map(update, statuses)).status == expected


def test_an_error_is_shown_only_while_the_message_has_failed():
    failed = join("queued", [update("sent"), update("failed")])
    assert failed.error["code"] == 131026
    assert join("queued", [update("failed"), update("delivered")]).error is None


def test_the_time_is_that_of_the_status_that_stands():
    found = join("queued", [update("read", 9), update("sent", 1), update("delivered", 5)])
    assert found.status_at == AT + timedelta(seconds=9)


def test_unknown_words_change_nothing():
    assert join("queued", [update("warming_up"), update("")]).status == "queued"
    assert join("received", [update("")]).status == "received"


def test_a_received_message_stays_received():
    assert join("received", []).status == "received"
    assert RANK["failed"] < RANK["delivered"]
