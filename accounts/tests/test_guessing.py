"""Guessing at length: ``make guesses`` asks a thousand times where the suite asks twenty.

What is counted: passwords and codes that were tried (not those that were refused unseen), and how
well the time of an answer tells an address with an account from one without.
"""

import math
import os
import random
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from accounts.tests.callers import PASSWORD, App, address, new_email, pending, person, problems

GUESSES = int(os.environ.get("GUESSES", "20"))
WRONG, LOCKED = "email_password_mismatch", "too_many_login_attempts"
# Welch's t: over 4.5 hints at a difference in a quiet laboratory; here one is believed over 10.
TELLING = 10.0


def test_one_account_from_as_many_addresses(figure):
    """Five in five minutes, whoever asks and however often."""
    user, began = person(), time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda n: problems(App().log_in(user, f"guess {n}")), range(GUESSES))
        )
    windows = 1 + int((time.monotonic() - began) / 300)
    figure(f"one account, {GUESSES} addresses: {answers.count([WRONG])} guesses admitted")
    assert 1 <= answers.count([WRONG]) <= 5 * windows
    assert answers.count([WRONG]) + answers.count([LOCKED]) == GUESSES


def test_as_many_accounts_from_one_address(figure):
    """Ten failures in a minute; whom the address never asked for gets in from elsewhere."""
    app = App(ip=address())
    users = [person() for _ in range(GUESSES)]
    began = time.monotonic()
    answers = [app.log_in(user, "not the password") for user in users]
    admitted = sum(answer.status_code != 429 and problems(answer) == [WRONG] for answer in answers)
    windows = 1 + int((time.monotonic() - began) / 60)
    figure(f"{GUESSES} accounts, one address: {admitted} guesses admitted in {windows} min")
    assert 10 <= admitted <= 10 * windows
    victims = random.sample(users, 5)
    assert [App().log_in(user).status_code for user in victims] == [200] * 5


def test_ten_times_as_many_codes_of_the_second_factor(figure):
    """Five in five minutes, from sessions that are renewed whenever one ends."""
    user, began = person(), time.monotonic()
    TOTP.activate(user, generate_totp_secret())
    tries, app, tried = GUESSES * 10, _at_second_step(user), 0
    for n in range(tries):
        answer = app.post("auth/2fa/authenticate", {"code": f"{n % 1_000_000:06}"})
        tried += answer.status_code == 400 and problems(answer) == ["incorrect_code"]
        assert answer.status_code != 200
        if answer.status_code == 409:
            app = _at_second_step(user)
    windows = 1 + int((time.monotonic() - began) / 300)
    figure(f"one second factor: {tried} of {tries} codes tried")
    assert 1 <= tried <= 5 * windows


def _at_second_step(user):
    app = App()
    assert pending(app.log_in(user)) == ["mfa_authenticate"]
    return app


@pytest.mark.parametrize("path, fields, floor_s", [
    # The hash takes the same time for both (``test_enumeration`` counts them); the tests' own is quick.
    ("auth/login", {"password": "not the password"}, 0.0),
    ("auth/code/request", {}, 0.5),
    ("auth/password/request", {}, 0.5),
    ("auth/signup", {"password": PASSWORD}, 0.5),
])  # fmt: skip
@pytest.mark.usefixtures("verified_addresses")
def test_the_time_of_an_answer_does_not_tell_who_has_an_account(
    settings, figure, path, fields, floor_s
):
    settings.SIGN_IN_FLOOR_S = floor_s
    emails = [(0, person().email) for _ in range(GUESSES)]
    emails += [(1, new_email()) for _ in range(GUESSES)]
    random.shuffle(emails)

    def ask(one):
        group, email = one
        app, started = App(), time.perf_counter()
        app.post(path, {"email": email, **fields})
        return group, time.perf_counter() - started

    with ThreadPoolExecutor(8 if floor_s else 1) as pool:
        times = list(pool.map(ask, emails))
    known, unknown = ([s for g, s in times if g == group] for group in (0, 1))
    t = _welch(known, unknown)
    apart_ms = 1000 * (statistics.median(known) - statistics.median(unknown))
    figure(f"{path}: {GUESSES} each, medians {apart_ms:+.2f} ms apart, t {t:.1f}")
    assert t < TELLING


def _welch(a, b):
    """Of what was not interrupted: the slowest tenth says nothing of the answer."""
    most = sorted(a + b)[int(len(a + b) * 0.9)]
    a, b = ([value for value in each if value <= most] for each in (a, b))
    spread = math.sqrt(sum(statistics.variance(each) / len(each) for each in (a, b)))
    return abs(statistics.fmean(a) - statistics.fmean(b)) / spread
