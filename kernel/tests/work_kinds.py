"""Kinds of work that tests register: what their handlers did is kept, and they fail as told."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kernel.models import Lane, LaneMark
from kernel.mongo.doors import hasty
from kernel.mongo.rows import hydrated
from kernel.scoping import active_tenant_id
from kernel.work import Kind, Lease, Released, register
from kernel.work.items import enqueue_many
from kernel.work.lanes import claim
from kernel.work.registry import _kinds
from kernel.work.serving import serve_batches, serve_one
from tests.factories import Attachment, item

_numbers = itertools.count(1)


class TestKind:
    """A kind of its own for one test. ``served`` lists ``(tenant, name)`` in the order of effect."""

    __test__ = False

    def __init__(
        self,
        *,
        one_by_one: bool = False,
        most: int = 50,
        lease_s: float = 20.0,
        queue: str = "tests",
    ) -> None:
        self.name = f"test-{next(_numbers)}"
        self.served: list[tuple[str, str]] = []
        self.calls: list[list[str]] = []
        self.handle: Callable[[Any], Any] = lambda _: None
        self.most, self.one_by_one = most, one_by_one
        self.kind = Kind(name=self.name, queue=queue, serve=self.serve, lease_s=lease_s)
        register(self.kind)

    def serve(self, lease: Lease) -> Released:
        if self.one_by_one:
            return serve_one(Attachment, lease, self._one)
        return serve_batches(Attachment, lease, self._batch, most=self.most)

    def _batch(self, items: list[Attachment]) -> None:
        self.calls.append([i.filename for i in items])
        self.handle(items)
        self.served += [(active_tenant_id(), i.filename) for i in items]

    def _one(self, one: Attachment) -> Any:
        self.calls.append([one.filename])
        outcome = self.handle(one)
        self.served.append((active_tenant_id(), one.filename))
        return outcome

    def put(self, *names: str, lane: str = "lane", **fields: Any) -> list[Attachment]:
        """Enqueue an item for each name, in the active tenant."""
        rows = [item(lane, filename=name, **fields) for name in names]
        enqueue_many(self.name, rows)
        return rows

    def names(self) -> list[str]:
        return [name for _, name in self.served]

    def lease(self, lease_s: float = 20.0) -> Lease:
        found = claim(self.name, lease_s)
        assert found is not None
        return found

    def lane(self) -> Lane:
        (found,) = self.lanes()
        return found

    def lanes(self) -> list[Lane]:
        """As the primary has them: what is confirmed by it alone is not on a majority yet."""
        return hydrated(Lane, hasty(Lane).find({"kind": self.name}))

    def marks(self) -> int:
        return int(hasty(LaneMark).count_documents({"kind": self.name}))


@contextmanager
def new_kind(**options: Any) -> Iterator[TestKind]:
    """A registered kind, gone when the block ends, so that no sweep meets it later."""
    kind = TestKind(**options)
    try:
        yield kind
    finally:
        Lane.objects.filter(kind=kind.name).delete()
        _kinds.pop(kind.name, None)


def states() -> dict[str, str]:
    """The state of each item of the active tenant, by its name."""
    return dict(Attachment.objects.values_list("filename", "state"))
