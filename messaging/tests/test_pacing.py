"""Who waits for whom: numbers, pairs, accounts and apps, replies before what goes to many."""

from types import SimpleNamespace

import pytest

from channels.models import Channel
from channels.providers.contract import Throttled, Usage
from channels.services.throughput import per_second
from kernel import ratelimit
from kernel.clock import now
from kernel.ratelimit import Limiter, connect
from messaging.dispatch import buckets, pacing
from messaging.models import Delivery
from tests import factories


@pytest.fixture(autouse=True)
def still(request, monkeypatch):
    """The same buckets while no time passes, so that a slow machine refills none; not for all tests."""
    if "real" in request.fixturenames:
        return
    stopped = Limiter(connect("redis://127.0.0.1:1/0"))
    stopped._away_until = float("inf")
    monkeypatch.setattr(ratelimit, "time", SimpleNamespace(monotonic=lambda: 1000.0))
    monkeypatch.setattr(pacing, "limiter", lambda: stopped)


@pytest.fixture
def real():
    """Redis, and time that passes."""


def instagram(**fields):
    row = factories.channel(kind="instagram", **fields)
    row.external = {"ig_id": factories.digits(17), "login": "instagram"}
    row.save(update_fields=["external"])
    return row


def sends(channel, count=1, *, to=None, priority="reply", **message):
    """So many deliveries on a channel, each to another customer or all ``to`` one."""
    made = []
    for _ in range(count):
        talk = to or factories.conversation(on=channel)
        _, delivery = factories.outbound(talk, **message)
        delivery.priority = priority
        delivery.save(update_fields=["priority"])
        made.append(delivery)
    return made


def waits(channel, deliveries):
    return pacing.wait_for_turns([(channel, delivery) for delivery in deliveries])


def let_through(channel, deliveries, seconds=0.0):
    """How many of them may go at once."""
    return sum(1 for wait in waits(channel, deliveries) if wait <= seconds)


def fill(channel, count=4):
    """Take what the number's bucket holds to begin with."""
    return let_through(channel, sends(channel, count))


def test_a_number_gives_a_twentieth_of_its_rate_at_once(shop):
    assert fill(shop.channel, 6) == 4, "80 a second"
    shop.channel.sends_per_second = 200
    other = factories.channel(sends_per_second=200)
    assert fill(other, 12) == 10


def test_the_tier_of_the_number_counts_unless_somebody_set_a_rate(shop):
    channel = shop.channel
    assert per_second(channel) == 80
    channel.health = {"account": {"messages_per_second": 20}}
    assert per_second(channel) == 20
    channel.facts = {"throughput": "HIGH"}
    assert per_second(channel) == 1000
    channel.sends_per_second = 5
    assert per_second(channel) == 5
    assert per_second(instagram()) == 300


def test_a_pair_takes_a_burst_of_45_and_then_one_in_six_seconds(shop, real):
    Channel.objects.update(sends_per_second=100_000)
    channel = Channel.objects.get()
    taken = [pacing.wait_for_turn(channel, d) for d in sends(channel, 47, to=shop.conversation)]
    assert taken[:45] == [0.0] * 45
    assert 5 < taken[45] <= 6
    assert pacing.wait_for_turn(channel, sends(channel)[0]) == 0, "another customer does not wait"


def test_replies_come_before_what_goes_to_many(shop):
    channel = shop.channel
    bulk, replies = sends(channel, 6, priority="bulk"), sends(channel, 3)
    found = waits(channel, [*bulk, *replies])
    assert found[6:] == [0.0] * 3
    assert sum(1 for wait in found[:6] if not wait) == 1, "what the replies left of four"


def test_while_a_reply_waits_nothing_in_bulk_overtakes_it(shop, monkeypatch):
    monkeypatch.setattr(pacing, "YIELD_S", 5.0)
    channel = shop.channel
    assert fill(channel, 5) == 4
    (late,) = sends(channel, priority="bulk")
    assert 4 < pacing.wait_for_turn(channel, late) <= 5.1
    assert pacing.wait_for_turn(channel, sends(channel)[0]) < 0.1


def test_bulk_leaves_a_part_of_the_rate_to_replies(shop):
    shop.channel.sends_per_second = 100
    assert let_through(shop.channel, sends(shop.channel, 10, priority="bulk")) == 4
    assert let_through(shop.channel, sends(shop.channel, 1)) == 1


@pytest.mark.parametrize(("scope", "twin", "stranger"), [
    ("number", 0, 0), ("account", 1, 0), ("app", 1, 1), ("template", 0, 0),
])  # fmt: skip
def test_only_what_the_provider_complained_about_waits(shop, real, scope, twin, stranger):
    waba = shop.channel.external["waba_id"]
    same = factories.channel(external={"phone_number_id": "1", "waba_id": waba})
    other = factories.channel()
    (delivery,) = sends(shop.channel)
    pacing.slow_down(shop.channel, delivery, Throttled(code=1, scope=scope), 30)
    own = pacing.wait_for_turn(shop.channel, delivery)
    assert (29 < own <= 30.1) if scope != "template" else own == 0
    for channel, is_held in ((same, twin), (other, stranger)):
        assert (pacing.wait_for_turn(channel, sends(channel)[0]) > 29) == bool(is_held)


def test_sends_slow_down_as_the_limits_fill_and_stop_while_they_are_full(shop):
    channel = shop.channel
    pacing.note_usage(channel, Usage(app=75))
    assert buckets.number_bucket(channel).per_second == pytest.approx(0.95 * 80)
    pacing.note_usage(channel, Usage(app=80, account=90))
    assert buckets.number_bucket(channel).per_second == pytest.approx(0.95 * 32)
    pacing.note_usage(channel, None)
    assert buckets.number_bucket(channel).per_second == pytest.approx(0.95 * 32)
    pacing.note_usage(channel, Usage(account=99))
    assert buckets.number_bucket(channel).per_second == pytest.approx(0.95 * 4)
    assert pacing.wait_for_turn(channel, sends(channel)[0]) == 0
    pacing.note_usage(channel, Usage(account=100, regain_s=19 * 60))
    assert pacing.wait_for_turn(channel, sends(channel)[0]) == pytest.approx(19 * 60, abs=2)
    pacing.note_usage(factories.channel(), Usage(app=100))
    assert pacing.wait_for_turn(factories.channel(), sends(factories.channel())[0]) > 55


def test_what_was_told_of_the_limits_is_forgotten_after_a_while(shop, monkeypatch):
    monkeypatch.setattr(buckets, "USAGE_KEPT_S", -1.0)
    pacing.note_usage(shop.channel, Usage(app=99))
    assert buckets.number_bucket(shop.channel).per_second == pytest.approx(0.95 * 80)


def test_instagram_takes_10_files_with_sound_a_second_and_text_beside_them(shop):
    channel = instagram()
    files = [*sends(channel, 3, type="video"), *sends(channel, 3, type="audio")]
    assert let_through(channel, [*files, *sends(channel, 6)]) == 1 + 6, "text has 300 a second"


def test_instagram_answers_750_comments_an_hour_in_private(shop):
    channel = instagram(sends_per_second=100_000)
    answers = sends(channel, 40, content={"comment_external_id": "178"})
    assert let_through(channel, answers) == 37
    found = waits(channel, sends(channel, 1, content={"comment_external_id": "178"}))
    assert 1 < found[0] < 5
    assert let_through(channel, sends(channel, 1)) == 1


def test_instagram_has_no_limit_for_one_person_and_two_looks_a_second(shop):
    channel = instagram(sends_per_second=100_000)
    talk = factories.conversation(on=channel)
    assert let_through(channel, sends(channel, 60, to=talk)) == 60
    assert pacing.wait_to_read(channel) == 0
    assert 0 < pacing.wait_to_read(channel) <= 0.5
    assert pacing.wait_to_read(shop.channel) == pacing.wait_to_read(shop.channel) == 0


def test_after_a_refusal_of_the_account_nothing_leaves_until_its_new_state_is_read(shop):
    (delivery,) = sends(shop.channel)
    pacing.note_refused(shop.channel)
    assert 4 < pacing.wait_for_turn(shop.channel, delivery) <= 5
    again = factories.channel()
    assert pacing.wait_for_turn(again, sends(again)[0]) == 0
    Channel.objects.filter(pk=shop.channel.pk).update(status_at=now())
    assert pacing.wait_for_turn(Channel.objects.get(pk=shop.channel.pk), delivery) == 0


def test_without_redis_the_rates_are_kept_by_each_process(shop, real, monkeypatch):
    away = Limiter(connect("redis://127.0.0.1:1/0"), processes=2)
    monkeypatch.setattr(pacing, "limiter", lambda: away)
    many = sends(shop.channel, 40)
    taken = [pacing.wait_for_turn(shop.channel, delivery) for delivery in many]
    assert 2 <= taken.count(0.0) < 20, "half of the four at once, and half of the rate"
    pacing.note_usage(shop.channel, Usage(account=100, regain_s=60))
    assert pacing.wait_for_turn(shop.channel, sends(shop.channel)[0]) > 55


def test_a_delivery_is_a_reply_unless_it_says_otherwise(shop):
    factories.outbound(shop.conversation)
    assert Delivery.objects.get().priority == Delivery.REPLY
