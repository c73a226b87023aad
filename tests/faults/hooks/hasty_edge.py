"""A broken edge for the control of I1: it answers before anything is durable."""

import asyncio
from typing import Any

from webhooks.edge import app as edge

_late: set[Any] = set()
accept = edge.Intake.accept


async def _store(self: Any, source: str, body: bytes) -> None:
    await asyncio.sleep(1.0)
    await accept(self, source, body)


async def hasty(self: Any, source: str, body: bytes) -> None:
    task = asyncio.ensure_future(_store(self, source, body))
    _late.add(task)
    task.add_done_callback(_late.discard)


edge.Intake.accept = hasty
app = edge.app
