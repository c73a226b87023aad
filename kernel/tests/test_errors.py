"""Refusals carry their code, status and data, also between processes."""

import pickle

import pytest

from kernel import errors


class TooManyTries(errors.RateLimited):
    code = "too_many_tries"
    title = "Too many tries"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Try again in {seconds:g} s", retry_after_s=seconds)


def test_refusal_says_which_and_why() -> None:
    error = errors.Invalid(
        "The name is taken", errors=[{"field": "name", "code": "taken"}], contact_id="c1"
    )
    assert (error.code, error.status, str(error)) == ("invalid", 422, "The name is taken")
    assert error.errors == [{"field": "name", "code": "taken"}]
    assert error.data == {"contact_id": "c1"}
    assert errors.NotFound().detail == errors.NotFound.title


def test_refusal_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(TooManyTries(1.5)))
    assert isinstance(error, TooManyTries)
    assert error.detail == "Try again in 1.5 s" and error.retry_after_s == 1.5


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.BadRequest, 400),
        (errors.Unauthenticated, 401),
        (errors.Forbidden, 403),
        (errors.NotFound, 404),
        (errors.Conflict, 409),
        (errors.PreconditionFailed, 412),
        (errors.TooLarge, 413),
        (errors.Invalid, 422),
        (errors.RateLimited, 429),
        (errors.Unavailable, 503),
        (TooManyTries, 429),
    ],
)
def test_every_refusal_is_registered(kind: type[errors.DomainError], status: int) -> None:
    assert kind.status == status and kind in errors.all_errors()
