"""How long a secret is compared tells nothing of how much of it was right."""

import math
import random
import secrets
import statistics
import time
from collections.abc import Callable

import pytest
from allauth.core.internal.cryptokit import compare_user_code

from tenants import keys

SAMPLES = 50_000
# A t over 4.5 hints at a difference; the machine is shared, so here one is believed over 10.
TELLING = 10.0
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"


def _leaky(expected: str, given: str) -> bool:
    """What the others must not be like."""
    return all(a == b for a, b in zip(expected, given, strict=True))


def _t_of(compare: Callable[[str], object], right: str) -> float:
    """Welch's t between the times of guesses that are nearly right and of those that are all wrong."""
    near, far = _guesses(right)
    order = [(0, guess) for guess in near] + [(1, guess) for guess in far]
    random.shuffle(order)
    times: tuple[list[int], list[int]] = ([], [])
    clock = time.perf_counter_ns
    for group, guess in order:
        started = clock()
        compare(guess)
        times[group].append(clock() - started)
    # What was interrupted says nothing of the comparison.
    most = sorted(times[0] + times[1])[int(SAMPLES * 0.9)]
    kept = [[value for value in each if value <= most] for each in times]
    spread = math.sqrt(sum(statistics.variance(each) / len(each) for each in kept))
    return abs(statistics.fmean(kept[0]) - statistics.fmean(kept[1])) / spread


def _guesses(right: str) -> tuple[list[str], list[str]]:
    """Each is another text: two fixed ones differ already by their letters and where they lie in memory."""
    ends = [each for each in LETTERS if each != right[-1]]
    near = [right[:-1] + random.choice(ends) for _ in range(SAMPLES // 2)]
    far = ["".join(random.choices(LETTERS, k=len(right))) for _ in range(SAMPLES // 2)]
    return near, far


def _key() -> tuple[Callable[[str], object], str]:
    secret = "".join(secrets.choice(LETTERS) for _ in range(32))
    digest = keys.digest(secret)
    return lambda guess: keys.matches(guess, digest), secret


def _code() -> tuple[Callable[[str], object], str]:
    return lambda guess: compare_user_code(actual=guess, expected="BCDFGHJK"), "BCDFGHJK"


def _control() -> tuple[Callable[[str], object], str]:
    secret = "".join(secrets.choice(LETTERS) for _ in range(32))
    return lambda guess: _leaky(secret, guess), secret


@pytest.mark.parametrize("compared", [_key, _code])
def test_a_guess_that_is_nearly_right_takes_as_long_as_any(compared):
    compare, right = compared()
    # A comparison that tells does so each time; one that does not is sometimes disturbed.
    found = []
    while len(found) < 4 and min(found, default=TELLING) >= TELLING:
        found.append(_t_of(compare, right))
    assert min(found) < TELLING, found


def test_the_measure_finds_a_comparison_that_tells():
    compare, right = _control()
    assert _t_of(compare, right) > TELLING
