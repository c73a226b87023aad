"""Token buckets against a real Redis, and without one."""

import os
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from kernel import buckets, ratelimit
from kernel.dev.binaries import find_redis_server
from kernel.ratelimit import Bucket, Limiter, LocalBuckets, connect, shared


@dataclass
class Server:
    url: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def _start(directory: Path) -> Server:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    binary = str(find_redis_server(directory / "copies"))
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(
        [binary, *options], cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    server = Server(f"redis://127.0.0.1:{port}/0", process)
    client = connect(server.url)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            client.ping()
            return server
        except RedisError:
            time.sleep(0.02)
    server.stop()
    raise RuntimeError("the test's redis-server did not start")


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if url := os.environ.get("REDIS_URL"):
        yield url
        return
    server = _start(tmp_path_factory.mktemp("redis"))
    yield server.url
    server.stop()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A Redis that the test may flush, freeze and kill."""
    server = _start(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def limiter(redis_url: str) -> Limiter:
    return Limiter(connect(redis_url))


@pytest.fixture
def key() -> str:
    return f"test:{uuid.uuid4().hex}"


def test_bucket_gives_its_capacity_and_then_its_rate(limiter: Limiter, key: str) -> None:
    taken = [limiter.take(key, capacity=5, per_second=20) for _ in range(6)]
    assert [each.allowed for each in taken] == [True] * 5 + [False]
    assert [each.remaining for each in taken[:5]] == [4, 3, 2, 1, 0]
    assert taken[0].limit == 5 and taken[0].retry_after_s == 0 and not taken[0].degraded
    assert 0 < taken[5].retry_after_s <= 0.05 and 0.15 < taken[5].reset_after_s <= 0.25
    time.sleep(taken[5].retry_after_s + 0.002)
    assert limiter.take(key, capacity=5, per_second=20).allowed


def test_refusal_takes_nothing(limiter: Limiter, key: str) -> None:
    limiter.take(key, capacity=10, per_second=0.01, cost=8)
    for _ in range(3):
        refused = limiter.take(key, capacity=10, per_second=0.01, cost=5)
        assert not refused.allowed and refused.remaining == 2
        assert 299 < refused.retry_after_s <= 300
    assert limiter.take(key, capacity=10, per_second=0.01, cost=2).allowed


def test_clients_at_once_never_get_more_than_the_bucket_holds(redis_url: str, key: str) -> None:
    allowed: list[bool] = []

    def run() -> None:
        own = Limiter(connect(redis_url))
        for _ in range(50):
            allowed.append(own.take(key, capacity=100, per_second=0.001).allowed)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(allowed) == 400 and sum(allowed) == 100


def test_several_buckets_give_all_or_nothing(limiter: Limiter, key: str) -> None:
    wide, narrow = Bucket(10, 0.001), Bucket(2, 0.001)
    pair = [(f"{key}:tenant", wide), (f"{key}:user", narrow)]
    for _ in range(2):
        assert all(each.allowed for each in limiter.take_all(pair))
    refused = limiter.take_all(pair)
    assert [each.allowed for each in refused] == [True, False]
    assert [each.remaining for each in refused] == [8, 0]
    assert limiter.take(f"{key}:tenant", capacity=10, per_second=0.001, cost=8).allowed


@pytest.mark.parametrize("away", [False, True])
def test_penalised_bucket_is_empty_until_the_end(
    limiter: Limiter, key: str, away: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if away:
        monkeypatch.setattr(limiter, "_away_until", time.monotonic() + 60)
    limiter.penalise(key, 0.2)
    limiter.penalise(key, 0.05)
    refused = limiter.take(key, capacity=5, per_second=50)
    assert not refused.allowed and refused.remaining == 0 and refused.degraded is away
    assert 0.15 < refused.retry_after_s <= 0.22
    time.sleep(0.25)
    freed = limiter.take(key, capacity=1000, per_second=50)
    assert freed.allowed and freed.remaining < 500  # it fills at its rate, not in a jump


def test_flush_frees_at_most_a_second_of_the_rate_with_a_cold_start(own_server: Server) -> None:
    limiter = Limiter(connect(own_server.url))
    client = connect(own_server.url)
    for cold, expected in ((True, 2), (False, 50)):
        client.flushall()
        client.script_flush()
        taken = [limiter.take("k", capacity=50, per_second=2, cold_start=cold) for _ in range(60)]
        assert expected <= sum(each.allowed for each in taken) <= expected + 1
        assert not any(each.degraded for each in taken)


def test_cold_bucket_that_refused_fills_from_its_first_sight(limiter: Limiter, key: str) -> None:
    def take() -> bool:
        return limiter.take(key, capacity=5, per_second=0.5, cold_start=True).allowed

    assert not take()
    time.sleep(1.05)
    assert take()


def test_bucket_in_redis_expires_when_it_is_full_anyway(redis_url: str, key: str) -> None:
    client = connect(redis_url)
    Limiter(client).take(key, capacity=10, per_second=2)
    assert 5000 < client.pttl(key) <= 6000


def test_pace_stays_within_five_per_cent_of_the_rate(limiter: Limiter, key: str) -> None:
    begun = time.monotonic()
    sent = 0
    while (elapsed := time.monotonic() - begun) < 1.0:
        decision = limiter.take(key, capacity=4, per_second=80, cold_start=True)
        sent += decision.allowed
        time.sleep(min(decision.retry_after_s, max(0.0, 1.0 - elapsed)))
    assert 60 <= sent <= 84


def _assert_quick(call: Callable[[], object], at_most: float) -> None:
    begun = time.monotonic()
    call()
    assert time.monotonic() - begun < at_most


def test_process_decides_alone_while_redis_is_frozen(own_server: Server) -> None:
    limiter = Limiter(connect(own_server.url))
    strict = Limiter(connect(own_server.url), fail_closed=True)
    assert limiter.take("k", capacity=3, per_second=0.01).allowed
    assert strict.take("s", capacity=3, per_second=0.01).allowed
    own_server.process.send_signal(signal.SIGSTOP)
    try:
        _assert_quick(lambda: limiter.take("other", capacity=3, per_second=0.01), 0.5)
        begun = time.monotonic()
        taken = [limiter.take("k", capacity=3, per_second=0.01) for _ in range(5)]
        assert time.monotonic() - begun < 0.1  # the breaker spares them the wait
        assert [each.allowed for each in taken] == [True] * 3 + [False] * 2
        assert all(each.degraded for each in taken)
        denied = strict.take("s", capacity=3, per_second=0.01)
        assert not denied.allowed and denied.degraded and denied.retry_after_s == 2.0
    finally:
        own_server.process.send_signal(signal.SIGCONT)


def test_limiter_returns_to_redis_when_it_is_back(
    own_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratelimit, "BREAKER_S", 0.1)
    limiter = Limiter(connect(own_server.url))
    own_server.process.send_signal(signal.SIGSTOP)
    assert limiter.take("k", capacity=3, per_second=1).degraded
    own_server.process.send_signal(signal.SIGCONT)
    assert limiter.take("k", capacity=3, per_second=1).degraded
    time.sleep(0.15)
    assert not limiter.take("k", capacity=3, per_second=1).degraded
    own_server.stop()
    assert limiter.take("k", capacity=3, per_second=1).degraded


def test_processes_share_the_rate_without_redis(limiter: Limiter) -> None:
    alone = Limiter(connect("redis://127.0.0.1:1/0"), processes=4)
    taken = [alone.take("k", capacity=8, per_second=0.01) for _ in range(4)]
    assert [each.allowed for each in taken] == [True, True, False, False]
    dear = alone.take("dear", capacity=8, per_second=0.01, cost=8)
    assert dear.allowed  # a cost within the whole bucket is never impossible


def test_memory_of_local_buckets_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "_LOCAL_BUCKETS", 100)
    local = LocalBuckets()
    for number in range(1000):
        local.take_all([(f"k{number}", Bucket(1, 1))])
    assert len(local._buckets) == 100


@pytest.mark.parametrize(
    "sizes", [(0, 1, 1), (1, 0, 1), (1, 1, 2), (1, 1, -1)], ids=["size", "rate", "dear", "negative"]
)
def test_impossible_bucket_is_refused(sizes: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError):
        Bucket(*sizes)


def test_same_bucket_twice_in_one_request_is_refused(limiter: Limiter, key: str) -> None:
    with pytest.raises(ValueError):
        limiter.take_all([(key, Bucket(1, 1)), (key, Bucket(1, 1))])
    assert limiter.take_all([]) == []


def test_threads_that_come_first_at_once_share_one_limiter(monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(url: str) -> Redis:
        time.sleep(0.05)
        return connect(url)

    monkeypatch.setattr(ratelimit, "connect", slowly)
    monkeypatch.setattr(ratelimit, "_shared", {})
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: shared("redis://127.0.0.1:9/0", processes=2), range(8)))
    assert len({id(limiter) for limiter in found}) == 1
