"""The wire's witness: every command that the driver sends, with the scope it was sent in.

Listeners cannot block a command (the driver swallows what they raise), so the
guard blocks and this records. Tests fail on ``violations()``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pymongo import monitoring

from kernel.mongo.engine.pipelines import carries
from kernel.scoping.context import Unscoped, current_scope
from kernel.scoping.registry import is_owned


@dataclass
class Command:
    """One command as it went out. ``scope`` is a tenant id, a reason, or None."""

    name: str
    collection: str
    body: dict[str, Any] = field(repr=False)
    scope: str | None
    unscoped: bool


class WireLog(monitoring.CommandListener):
    """Keeps commands while ``recording``; nothing otherwise."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.recording = False

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        name = event.command_name
        collection = event.command.get(name)
        if not self.recording or not isinstance(collection, str):
            return
        scope = current_scope()
        unscoped = isinstance(scope, Unscoped)
        label = str(scope.reason) if isinstance(scope, Unscoped) else scope
        self.commands.append(Command(name, collection, dict(event.command), label, unscoped))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Only what was sent matters here."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Only what was sent matters here."""

    @contextmanager
    def record(self) -> Iterator["list[Command]"]:
        """Record the commands sent inside the block."""
        before, self.recording = self.recording, True
        start = len(self.commands)
        taken: list[Command] = []
        try:
            yield taken
        finally:
            taken.extend(self.commands[start:])
            self.recording = before


wire_log = WireLog()


def violations(commands: list[Command]) -> list[Command]:
    """Commands on tenants' collections that did not carry the tenant they ran under."""
    return [c for c in commands if is_owned(c.collection) and not c.unscoped and not _carried(c)]


def _carried(command: Command) -> bool:
    from bson import ObjectId

    if command.scope is None:
        return command.name in ("createIndexes", "listIndexes", "drop", "dropIndexes", "create")
    tenant = ObjectId(command.scope)
    body = command.body
    match command.name:
        case "find":
            return carries(body.get("filter"), tenant)
        case "aggregate":
            first = body["pipeline"][0] if body["pipeline"] else {}
            return carries(first.get("$match"), tenant)
        case "insert":
            return all(carries(d, tenant) for d in body.get("documents", ()))
        case "update":
            return all(carries(u["q"], tenant) for u in body.get("updates", ()))
        case "delete":
            return all(carries(d["q"], tenant) for d in body.get("deletes", ()))
        case "findAndModify" | "distinct":
            return carries(body.get("query"), tenant)
        case "count":
            return carries(body.get("query"), tenant)
        case "getMore" | "createIndexes" | "listIndexes" | "killCursors":
            return True
    return False
