"""A thousand dead items, brought back twice at once: each takes effect once, in order within its lane."""

import threading
from collections import defaultdict

from django.db import connection

from kernel.backoffice.recovery import NotRecoverable, replay_item
from kernel.models import AuditEntry
from kernel.mongo.rows import find_rows, insert_rows
from kernel.scoping import tenant_scope
from kernel.scoping.context import outside_scope
from kernel.tests.work_kinds import new_kind
from kernel.work.drain import drain
from messaging.models import Attachment
from tests.factories import item

COUNT, LANES = 1_000, 20


def test_redriving_twice_at_once_applies_each_once(world):
    with new_kind() as kind, tenant_scope(world.tenant):
        insert_rows([item(f"lane-{n % LANES}", filename=f"{n:04}", state="dead", open=False,
                          attempts=5) for n in range(COUNT)])  # fmt: skip
        refused: list[int] = []

        def redrive() -> None:
            late = 0
            with tenant_scope(world.tenant):
                for row in find_rows(Attachment, {"state": "dead"}, sort=[("_id", 1)]):
                    try:
                        replay_item(kind=kind.name, item=row, reason="fixed")
                    except NotRecoverable:
                        late += 1
            refused.append(late)
            connection.close()

        stopped = threading.Event()

        def work() -> None:
            while not stopped.is_set():
                drain(kind.name, seconds=0.5)
            connection.close()

        threads = [threading.Thread(target=redrive) for _ in range(2)]
        with outside_scope():
            worker = threading.Thread(target=work)
            worker.start()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            stopped.set()
            worker.join()
            drain(kind.name, seconds=20)
        names = kind.names()
        assert sorted(names) == [f"{n:04}" for n in range(COUNT)]
        assert AuditEntry.objects.filter(action="work.replayed").count() == COUNT
        assert sum(refused) <= COUNT
        lanes = defaultdict(list)
        for name in names:
            lanes[int(name) % LANES].append(name)
        # Brought back in order, each by whoever was first: within a lane at most neighbours swap.
        assert all(abs(int(name) - LANES * place - lane) <= LANES
                   for lane, found in lanes.items() for place, name in enumerate(found))  # fmt: skip
