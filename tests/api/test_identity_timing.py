"""How long a secret is compared tells nothing of how much of it was right."""

import math
import random
import secrets
import statistics
import time
from collections.abc import Callable

import pytest
from allauth.core.internal.cryptokit import compare_user_code
from django.conf import settings

from tenants import keys

SAMPLES = 50_000
# A t over 4.5 hints at a difference; the machine is shared, so here one is believed over 10.
TELLING = 10.0


def _leaky(expected: str, given: str) -> bool:
    """What the others must not be like."""
    return all(a == b for a, b in zip(expected, given, strict=True))


def _t_of(compare: Callable[[str], object], near: str, far: str) -> float:
    """Welch's t between the times of a guess that is nearly right and one that is all wrong."""
    times: dict[str, list[int]] = {near: [], far: []}
    order = [near, far] * (SAMPLES // 2)
    random.shuffle(order)
    clock = time.perf_counter_ns
    for guess in order:
        started = clock()
        compare(guess)
        times[guess].append(clock() - started)
    # What was interrupted says nothing of the comparison.
    most = sorted(times[near] + times[far])[int(SAMPLES * 0.9)]
    kept = [[value for value in times[guess] if value <= most] for guess in (near, far)]
    spread = math.sqrt(sum(statistics.variance(each) / len(each) for each in kept))
    return abs(statistics.fmean(kept[0]) - statistics.fmean(kept[1])) / spread


def _guesses(right: str) -> tuple[str, str]:
    other = "".join("B" if char != "B" else "C" for char in right)
    return right[:-1] + other[-1], other


def _key() -> tuple[Callable[[str], object], str]:
    secret = secrets.token_hex(16)
    digest = keys.digest(secret)
    return lambda guess: keys.matches(guess, digest), secret


def _code() -> tuple[Callable[[str], object], str]:
    return lambda guess: compare_user_code(actual=guess, expected="BCDFGHJK"), "BCDFGHJK"


def _control() -> tuple[Callable[[str], object], str]:
    secret = settings.SECRET_KEY[:32].ljust(32, "x")
    return lambda guess: _leaky(secret, guess), secret


@pytest.mark.parametrize("compared", [_key, _code])
def test_a_guess_that_is_nearly_right_takes_as_long_as_any(compared):
    compare, right = compared()
    # A comparison that tells does so each time; one that does not is sometimes disturbed.
    assert any(_t_of(compare, *_guesses(right)) < TELLING for _ in range(4))


def test_the_measure_finds_a_comparison_that_tells():
    compare, right = _control()
    assert _t_of(compare, *_guesses(right)) > TELLING
