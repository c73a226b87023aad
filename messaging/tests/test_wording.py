"""Edits, revocations and phases of calls come to the same in every order, repeated or not."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from messaging.models import Message, MessageUpdate
from messaging.wording import words_of

AT = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = Message(text="first", content={"a": 1}, direction="inbound", provider_at=AT)


def edit(n, *, number=None):
    detail = {"content": {"n": n}, "number": number}
    return MessageUpdate(kind="edit", text=f"edit {n}", detail=detail, created_at=AT,
                         provider_at=AT + timedelta(seconds=n))  # fmt: skip


def revoke():
    return MessageUpdate(kind="revoke", provider_at=AT + timedelta(hours=1), created_at=AT)


def phase(name, second=0, *, duration=None, direction=""):
    detail = {"phase": name, "direction": direction, "duration_s": duration, "detail": {name: True}}
    return MessageUpdate(kind="call", detail=detail, provider_at=AT + timedelta(seconds=second),
                         created_at=AT)  # fmt: skip


def orders(pool):
    return st.lists(st.sampled_from(pool), unique_by=id).flatmap(
        lambda some: st.tuples(st.just(some), st.permutations(some))
    )


POOL = [edit(1), edit(2), edit(3), edit(9, number=0), revoke()]
PHASES = [phase("ringing"), phase("connect", 1, direction="BUSINESS"), phase("accepted", 1),
          phase("terminate", 1, duration=7), phase("terminate", 9, duration=9)]  # fmt: skip


@given(orders(POOL))
def test_the_words_are_the_same_in_every_order(pair):
    given_, shuffled = pair
    assert words_of(FIRST, given_) == words_of(FIRST, shuffled)


@given(orders(PHASES))
def test_a_call_is_the_same_in_every_order(pair):
    given_, shuffled = pair
    assert words_of(FIRST, given_) == words_of(FIRST, shuffled)


def test_the_last_edit_is_shown_and_the_older_wordings_are_kept():
    said = words_of(FIRST, [edit(2), edit(1)])
    assert (said.text, said.content) == ("edit 2", {"a": 1, "n": 2})
    assert [(e["text"], e["at"]) for e in said.edits] == [
        ("first", AT), ("edit 1", AT + timedelta(seconds=1)),
    ]  # fmt: skip


def test_numbers_count_before_clocks():
    late = edit(1, number=2)
    assert words_of(FIRST, [late, edit(5, number=1)]).text == "edit 1"


def test_an_edit_numbered_zero_is_none():
    said = words_of(FIRST, [edit(1, number=0)])
    assert (said.text, said.edits) == ("first", [])


def test_what_is_taken_back_says_nothing_whatever_was_edited():
    said = words_of(FIRST, [edit(1), revoke(), edit(2)])
    assert (said.text, said.content, said.edits) == ("", {}, [])
    assert said.revoked_at == AT + timedelta(hours=1)


def test_a_call_ends_whatever_its_clocks_say():
    said = words_of(FIRST, [phase("terminate", 1, duration=7), phase("connect", 5)])
    assert (said.content["phase"], said.content["duration_s"]) == ("terminate", 7)
    assert [p["phase"] for p in said.content["phases"]] == ["connect", "terminate"]
    assert said.content["detail"] == {"connect": True, "terminate": True}


def test_who_called_may_be_told_by_any_phase():
    assert (
        words_of(FIRST, [phase("connect"), phase("ringing", direction="outbound")]).direction
        == "outbound"
    )
