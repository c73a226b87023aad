"""Explaining recorded commands: which index served them, and how much they read for what they gave."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from kernel.mongo.wire import Command, wire_log
from kernel.scoping.registry import is_owned

READS = ("find", "aggregate", "findAndModify", "count", "distinct")
WRITES = ("update", "delete")
# Options of a command that ``explain`` does not take.
SESSION = frozenset({
    "lsid", "txnNumber", "startTransaction", "autocommit", "readConcern", "writeConcern", "$db",
    "$clusterTime", "$readPreference", "maxTimeMS",
})  # fmt: skip
SORTS = frozenset({"SORT", "SORT_KEY_GENERATOR", "$sort", "TEXT"})


@dataclass(frozen=True)
class Plan:
    """What the server did for one command."""

    command: Command
    stages: frozenset[str]
    indexes: tuple[str, ...]
    examined: int
    keys: int
    returned: int

    def __str__(self) -> str:
        return (f"{self.command.name} {self.command.collection}: stages {sorted(self.stages)}, "
                f"indexes {self.indexes}, {self.examined} documents and {self.keys} keys "
                f"for {self.returned} rows; {_short(self.command)}")  # fmt: skip


def _short(command: Command) -> str:
    body = command.body
    return str(
        body.get("pipeline") or body.get("filter") or body.get("query") or body.get("updates")
    )


def plans(commands: list[Command]) -> list[Plan]:
    """A plan for each command that reads or matches documents."""
    return [plan for command in commands for plan in _plans(command)]


def _plans(command: Command) -> Iterator[Plan]:
    if command.name in READS:
        yield _explain(command, command.body)
    elif command.name in WRITES:
        field = f"{command.name}s"
        for one in command.body.get(field, ()):
            yield _explain(command, {**command.body, field: [one]})


def _explain(command: Command, body: dict[str, Any]) -> Plan:
    given = {name: value for name, value in body.items() if name not in SESSION}
    recording, wire_log.recording = wire_log.recording, False
    try:
        answer = connection.database.command({"explain": given, "verbosity": "executionStats"})
    finally:
        wire_log.recording = recording
    nodes = list(_nodes(_executed(answer)))
    stats = _stats(answer)
    joined = [_joined(stage) for stage in _lookups(answer)]
    return Plan(
        command=command,
        stages=frozenset(str(n["stage"]) for n in nodes if "stage" in n)
        | frozenset(key for stage in answer.get("stages", ()) for key in stage if key == "$sort"),
        indexes=tuple(str(n["indexName"]) for n in nodes if "indexName" in n),
        examined=stats["totalDocsExamined"] + sum(j[0] for j in joined),
        keys=stats["totalKeysExamined"] + sum(j[1] for j in joined),
        returned=_returned(answer, stats) + sum(j[2] for j in joined),
    )


def _cursor(answer: dict[str, Any]) -> dict[str, Any]:
    stages = answer.get("stages") or [{}]
    return stages[0].get("$cursor", answer)


def _executed(answer: dict[str, Any]) -> Any:
    return _cursor(answer)["executionStats"]["executionStages"]


def _stats(answer: dict[str, Any]) -> dict[str, int]:
    return _cursor(answer)["executionStats"]


def _returned(answer: dict[str, Any], stats: dict[str, int]) -> int:
    matched = [
        n.get("nMatched", 0) for n in _nodes(_executed(answer)) if n.get("stage") == "UPDATE"
    ]
    deleted = [
        n.get("nWouldDelete", 0) for n in _nodes(_executed(answer)) if n.get("stage") == "DELETE"
    ]
    return max([int(stats["nReturned"]), *matched, *deleted])


def _lookups(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [stage for stage in answer.get("stages", ()) if "$lookup" in stage]


def _joined(stage: dict[str, Any]) -> tuple[int, int, int]:
    return (int(stage.get("totalDocsExamined", 0)), int(stage.get("totalKeysExamined", 0)),
            int(stage.get("nReturned", 0)))  # fmt: skip


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every node of a plan, wherever the server's version nests it."""
    if isinstance(node, dict):
        if "stage" in node:
            yield node
        for value in node.values():
            yield from _nodes(value)
    elif isinstance(node, list):
        for value in node:
            yield from _nodes(value)


def assert_indexed(
    commands: list[Command], *, slack: int = 0, everything: bool = False
) -> list[Plan]:
    """Every command on a tenant's collection reads by an index, unsorted in memory, at most twice what it gives.

    ``slack`` allows so many documents more, for commands that look at one row and
    find it unfit. ``everything`` includes global collections.
    """
    found = plans([c for c in commands if everything or is_owned(c.collection)])
    assert found, "no command to explain"
    for plan in found:
        assert "COLLSCAN" not in plan.stages, str(plan)
        assert not SORTS & plan.stages, str(plan)
        assert plan.examined <= 2 * plan.returned + slack, str(plan)
        assert plan.keys <= 3 * plan.returned + slack + 10, str(plan)
    return found
