"""Webhooks while processes die: what was acknowledged is stored once and in order."""

import signal
import threading
import time

import pytest

from tests.faults.conftest import Product
from tests.faults.ledger import Ledger, audit, wait_until

pytestmark = pytest.mark.stack
SENDERS = [f"97250{n:07d}" for n in range(20)]


def post_steadily(ledger: Ledger, count: int, pause_s: float = 0.004) -> threading.Thread:
    def run() -> None:
        for number in range(count):
            ledger.post(SENDERS[number % len(SENDERS)])
            time.sleep(pause_s)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def settled(product: Product, ledger: Ledger, seconds: float) -> float:
    def done() -> bool:
        return audit(product.database, ledger).lost == 0

    return wait_until(done, seconds, "every acknowledged message")


def assert_whole(product: Product, ledger: Ledger, count: int) -> None:
    verdict = audit(product.database, ledger)
    assert len(ledger.acknowledged) == count, "the edge refused valid webhooks"
    assert (verdict.lost, verdict.doubled, verdict.reordered, verdict.miscounted) == (0, 0, 0, 0)
    assert verdict.stored == count


def test_killing_the_worker_in_the_middle_of_batches_loses_doubles_and_reorders_nothing(
    product: Product,
) -> None:
    ledger = product.ledger("kill")
    posting = post_steadily(ledger, 600)
    for pause in (0.6, 1.1):
        time.sleep(pause)
        product.stack.kill("worker-inbound")
        product.stack.start("worker-inbound")
    posting.join()
    recovery = settled(product, ledger, 45)
    assert_whole(product, ledger, 600)
    assert recovery <= 30, f"recovery took {recovery:.1f} s"


def test_losing_redis_costs_time_and_nothing_else(product: Product) -> None:
    ledger = product.ledger("redis")
    posting = post_steadily(ledger, 400)
    time.sleep(0.5)
    product.stack.kill("redis")
    time.sleep(2)
    product.stack.start("redis")
    posting.join()
    settled(product, ledger, 45)
    assert_whole(product, ledger, 400)
    assert ledger.slowest_s < 1.5, "an acknowledgement waited for Redis"


def test_webhooks_are_acknowledged_from_the_spool_while_the_database_hangs(
    product: Product,
) -> None:
    ledger = product.ledger("spool")
    for sender in SENDERS:
        ledger.post(sender)
    product.stack.kill("mongod", signal.SIGSTOP)
    try:
        posting = post_steadily(ledger, 300)
        posting.join()
        assert len(ledger.acknowledged) == 320
        assert ledger.slowest_s <= 2.5
    finally:
        product.stack.kill("mongod", signal.SIGCONT)
    later = post_steadily(ledger, 100)
    later.join()
    settled(product, ledger, 60)
    assert_whole(product, ledger, 420)
