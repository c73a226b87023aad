"""A number whose calls fail rests, is tried by one send at a time, and goes on once that succeeds."""

import time

import pytest

from channels.models import Channel
from kernel import buckets as local_buckets
from kernel import ratelimit
from kernel.ratelimit import Limiter, connect
from messaging.dispatch import pacing
from messaging.models import Delivery
from messaging.tests.sending import again, queue_on, send_now, several, texts_by_customer
from messaging.tests.test_pacing import let_through, sends, waits
from tests import factories

REST_S = 2.0


@pytest.fixture(autouse=True)
def short(monkeypatch):
    for module in (ratelimit, local_buckets):
        monkeypatch.setattr(module, "FIRST_REST_S", REST_S)
        monkeypatch.setattr(module, "LONGEST_REST_S", 2 * REST_S)
        monkeypatch.setattr(module, "PROBE_S", 5.0)
    monkeypatch.setattr(pacing, "_failures", {})
    monkeypatch.setattr(pacing, "_probed", set())


@pytest.fixture(params=["redis", "without redis"])
def shared(request, monkeypatch):
    if request.param != "redis":
        away = Limiter(connect("redis://127.0.0.1:1/0"))
        monkeypatch.setattr(pacing, "limiter", lambda: away)
    return request.param


def broken(shop):
    """The channel, quick enough, after five failures in a row; and sends that wait for it."""
    Channel.objects.update(sends_per_second=1000)
    channel = Channel.objects.get(pk=shop.channel.pk)
    for _ in range(pacing.FAILURES_TO_BREAK):
        pacing.note_failure(channel)
    return channel, sends(channel, 6)


def test_after_its_rest_one_send_is_let_through_and_the_others_ask_again(shop, shared):
    channel, many = broken(shop)
    assert all(REST_S / 2 < wait <= REST_S + 0.01 for wait in waits(channel, many))
    time.sleep(REST_S)
    found = waits(channel, many)
    assert found.count(0.0) == 1
    assert all(1 < wait < 2.1 for wait in found if wait), (
        "soon, not after the whole time of a probe"
    )
    assert let_through(channel, many) == 0, "the probe is still under way"


def test_a_probe_that_succeeds_ends_the_rest(shop, shared):
    channel, many = broken(shop)
    time.sleep(REST_S)
    assert let_through(channel, many) == 1
    pacing.note_success(channel)
    assert let_through(channel, many) == 6
    pacing.note_failure(channel)
    assert let_through(channel, many) == 6, "it takes five in a row again"


def test_a_probe_that_fails_makes_the_next_rest_longer_up_to_a_limit(shop, shared):
    channel, many = broken(shop)
    for seconds in (2 * REST_S, 2 * REST_S):
        while not let_through(channel, many):
            time.sleep(0.02)
        pacing.note_failure(channel)
        found = waits(channel, many)
        assert all(seconds - REST_S / 2 < wait <= seconds + 0.01 for wait in found)


def test_failures_of_calls_that_were_under_way_do_not_prolong_the_rest(shop, shared):
    channel, many = broken(shop)
    for _ in range(10):
        pacing.note_failure(channel)
    assert all(wait <= REST_S + 0.01 for wait in waits(channel, many))


def test_a_probe_that_tells_nothing_is_followed_by_another(shop, shared, monkeypatch):
    for module in (ratelimit, local_buckets):
        monkeypatch.setattr(module, "PROBE_S", 0.8)
    channel, many = broken(shop)
    time.sleep(REST_S)
    assert let_through(channel, many) == 1
    assert let_through(channel, many) == 0
    time.sleep(0.81)
    assert let_through(channel, many) == 1


def test_another_process_probes_and_its_success_is_everybodys(shop, monkeypatch):
    channel, many = broken(shop)
    time.sleep(REST_S)
    monkeypatch.setattr(pacing, "_failures", {})
    assert let_through(channel, many) == 1
    pacing.note_failure(channel)
    assert max(waits(channel, many)) > REST_S, "one failure of a probe is enough"
    while not let_through(channel, many):
        time.sleep(0.02)
    pacing.note_success(channel)
    assert let_through(channel, many) == 6


def test_another_number_does_not_wait(shop):
    broken(shop)
    other = factories.channel()
    assert let_through(other, sends(other)) == 1


def test_what_waits_for_the_breaker_burns_no_attempt_and_leaves_in_order(live):
    talks = several(live, 8)
    live.simulator.fail_next(http_status=500, count=5)
    queue_on(talks[:5], "one")
    send_now()
    queue_on(talks[:5], "two")
    queue_on(talks[5:], "one", "two")
    send_now()
    assert len(live.simulator.sends(live.channel)) == 5
    for row in Delivery.objects.exclude(conversation__in=talks[:5]):
        assert (row.attempts, row.tries, row.outcome) == (0, [], "queued")
    time.sleep(REST_S)
    for _ in range(30):
        again()
        if not Delivery.objects.filter(open=True).exists():
            break
        time.sleep(0.1)
    assert list(texts_by_customer(live).values()) == [["one", "two"]] * 8
