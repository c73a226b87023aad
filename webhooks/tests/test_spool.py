"""The spool: what was acknowledged while the database was away is kept, whatever happens to the process."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from kernel.mongo.ids import new_id
from webhooks.tests.posting import call, edge_settings, kept, post, run, signed

AWAY = {"mongodb_uri": "mongodb://127.0.0.1:1/?replicaSet=rs0", "write_timeout_s": 0.3}


def test_without_the_database_a_webhook_waits_in_the_spool_and_is_kept_later(
    tmp_path: Path,
) -> None:
    body = new_id().encode()
    (answer,) = run(tmp_path, post(body, signed(body)), change=AWAY)
    assert answer.status == 200
    assert kept(body) == 0

    async def drain() -> bool:
        from webhooks.edge.app import Edge

        edge = Edge(edge_settings(tmp_path))
        edge.intake.start()
        for _ in range(40):
            await asyncio.sleep(0.1)
            if edge.spool.is_empty:
                return True
        return False

    assert asyncio.run(drain())
    assert kept(body) == 1


def test_a_spool_that_is_full_is_a_503_and_never_a_false_200(tmp_path: Path) -> None:
    body = new_id().encode()
    (answer,) = run(tmp_path, post(body, signed(body)), change={**AWAY, "spool_max_bytes": 10})
    assert answer.status == 503
    assert kept(body) == 0


def test_a_damaged_file_is_set_aside_and_the_others_are_kept(tmp_path: Path) -> None:
    bodies = [new_id().encode() for _ in range(3)]
    run(tmp_path, *(post(b, signed(b)) for b in bodies), change=AWAY)
    first = sorted((tmp_path / "0").glob("*.spool"))[0]
    first.write_bytes(first.read_bytes()[:-9])

    async def drain() -> None:
        from webhooks.edge.app import Edge

        edge = Edge(edge_settings(tmp_path))
        edge.intake.start()
        for _ in range(40):
            await asyncio.sleep(0.1)
            if edge.spool.is_empty:
                return

    asyncio.run(drain())
    assert [kept(body) for body in bodies] == [0, 1, 1]
    assert len(list((tmp_path / "0").glob("*.damaged"))) == 1


def test_what_a_process_that_is_gone_left_in_another_folder_is_adopted(tmp_path: Path) -> None:
    body = new_id().encode()
    run(tmp_path, post(body, signed(body)), change=AWAY)
    (tmp_path / "0").rename(tmp_path / "7")

    async def drain() -> None:
        from webhooks.edge.app import Edge

        edge = Edge(edge_settings(tmp_path))
        edge.intake.start()
        for _ in range(40):
            await asyncio.sleep(0.1)
            if not any((tmp_path / "7").glob("*.spool")) and edge.spool.is_empty:
                return

    asyncio.run(drain())
    assert kept(body) == 1


def test_a_batch_that_is_slow_to_reach_the_disk_is_drained_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is written it has no name, so the drainer finds nothing; it must not stop looking."""
    import time

    from webhooks.edge.spool import Spool

    write = Spool._write

    def slowly(self: Spool, name: str, data: bytes) -> None:
        time.sleep(1.2)
        write(self, name, data)

    monkeypatch.setattr(Spool, "_write", slowly)
    body = new_id().encode()

    async def go() -> int:
        from webhooks.edge.app import Edge

        edge = Edge(replace(edge_settings(tmp_path), **AWAY))
        edge.intake.start()
        answer = await call(edge, **post(body, signed(body)))
        edge.store = edge.intake._store = Edge(edge_settings(tmp_path / "other")).store
        for _ in range(60):
            await asyncio.sleep(0.1)
            if edge.spool.is_empty:
                break
        return answer.status

    assert asyncio.run(go()) == 200
    assert kept(body) == 1


@pytest.mark.parametrize("groups", [2, 2.5], ids=["to the last place", "and a rest"])
def test_workers_are_told_at_the_end_of_a_drain_not_while_it_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, groups: float
) -> None:
    monkeypatch.setattr("webhooks.edge.spool.TOGETHER", 2)
    monkeypatch.setattr("webhooks.edge.intake.TOGETHER", 2)
    bodies = [new_id().encode() for _ in range(int(groups * 2))]
    run(tmp_path, *(post(b, signed(b)) for b in bodies), change=AWAY)

    async def drain() -> list[int]:
        """How many files waited each time that somebody was told."""
        from webhooks.edge.app import Edge

        edge, told = Edge(edge_settings(tmp_path)), []
        monkeypatch.setattr(edge.intake._bell, "announce", lambda: told.append(edge.spool.count))
        edge.intake.start()
        for _ in range(60):
            await asyncio.sleep(0.1)
            if told and edge.spool.is_empty:
                break
        return told

    assert asyncio.run(drain()) == [0]
    assert all(kept(body) == 1 for body in bodies)
