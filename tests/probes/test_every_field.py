"""What no field may do: carry an operator to the database, set what was not offered, or be too big.

Generated from the schema: every member of every body, every parameter of every list.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps

from config.api.errors import MOST_ERRORS
from kernel.mongo.wire import wire_log
from tests.probes.bodies import SCALARS, Member, members
from tests.probes.conftest import Pair
from tests.probes.populated import documents
from tests.probes.positions import Operation, operations, path_places, with_value
from tests.probes.probing import Caller, raw

WRITES = [o for o in operations() if o.body]
LISTS = [o for o in operations() if o.method == "get"]
OPERATORS: tuple[Any, ...] = (
    {"$ne": None}, {"$gt": ""}, {"$where": "sleep(100)"}, {"$regex": ".*"}, ["$ne", "x"],
)  # fmt: skip
TEXTS = ("$tenantId", "$$ROOT", '{"$ne": null}', "(a+)+$", "%00", "';return true;//")
HUGE, MANY, QUICK_S = "x" * 300_000, 10_000, 2.0


def sent(pair: Pair, operation: Operation, body: Any, name: str = "owner") -> Any:
    """To one's own rows, as the owner."""
    path = operation.filled({p.name: pair.here.ids[p.model][0] for p in path_places(operation)})
    return pair.callers[name].send(operation.method, path, body=body)


def cases(*kinds: str) -> Iterator[tuple[Operation, Member]]:
    for operation in WRITES:
        yield from ((operation, m) for m in members(operation) if m.name and m.kind in kinds)


def test_no_member_of_a_body_takes_an_operator(pair: Pair, figure: Callable[[str], None]) -> None:
    taken, count = [], 0
    for operation, member in cases(*SCALARS):
        for operator in OPERATORS:
            if member.is_in_list and isinstance(operator, list):
                continue
            answer = sent(pair, operation, with_value(operation, member.name, operator))
            count += 1
            if answer.status_code < 400 or answer.status_code == 500:
                taken.append((operation.id, member.name, operator, answer.status_code))
    assert taken == []
    figure(f"operators in bodies: {count} probes, 0 taken")


def test_text_that_looks_like_an_operator_is_text(
    pair: Pair, figure: Callable[[str], None]
) -> None:
    before, count = documents(pair.there), 0
    for operation, member in cases("string"):
        if "enum" in member.schema or "pattern" in member.schema:
            continue
        for text in TEXTS[: 6 if "." not in member.name else 1]:
            answer = sent(pair, operation, with_value(operation, member.name, text))
            count += 1
            assert answer.status_code != 500, (operation.id, member.name, text, answer.content)
    assert documents(pair.there) == before
    figure(f"operators as texts: {count} probes, 0 read as anything else")


def test_no_parameter_widens_a_list(pair: Pair, figure: Callable[[str], None]) -> None:
    owner, count, marker = pair.callers["owner"], 0, "(a+)+$"
    for operation in LISTS:
        path = operation.filled({p.name: pair.here.ids[p.model][0] for p in path_places(operation)})
        for parameter in operation.named("query"):
            name = parameter["name"]
            for value in (*TEXTS, "x" * 10_000, ".*", "*"):
                wire_log.commands.clear()
                began = time.thread_time()
                answer = owner.send("get", path, query={name: value})
                count += 1
                assert time.thread_time() - began < QUICK_S, (operation.id, name, value[:20])
                narrow = answer.status_code in (400, 404) or is_empty(answer)
                assert narrow, (operation.id, name, value[:20], answer.content[:200])
                assert "$regex" not in str([c.body for c in wire_log.commands]), operation.id
            for spelled in (
                f"{name}[$ne]",
                f"{name}[]",
                f"{name}__regex",
                f"{name}__gt",
                f"${name}",
            ):
                answer = owner.send("get", path, query={spelled: marker})
                count += 1
                assert answer.status_code == 400, (operation.id, spelled)
                assert answer.json()["code"] == "unknown_parameter"
    figure(f"operators in parameters: {count} probes, 0 widened")


def is_empty(answer: Any) -> bool:
    """A page or a file without a row."""
    body = raw(answer)
    return body.count(b"\n") <= 1 if answer.streaming else answer.json().get("results") == []


def names_of_models() -> set[str]:
    """Every field and column of every model, and what frameworks call them."""
    fields = [f for m in apps.get_models() for f in m._meta.concrete_fields]
    columns = {name for f in fields for name in (f.name, f.attname, f.column)}
    return columns | {
        "_id",
        "id",
        "tenant",
        "tenant_id",
        "tenantId",
        "is_admin",
        "owner",
        "__proto__",
    }


def test_nothing_is_set_that_was_not_offered(pair: Pair, figure: Callable[[str], None]) -> None:
    before, count = documents(pair.here), 0
    for operation in WRITES:
        for member in members(operation):
            if member.kind != "object" or member.schema.get("additionalProperties") is True:
                continue
            extra = names_of_models() - set(member.schema["properties"])
            body = _with_extra(operation, member, dict.fromkeys(extra, "x"))
            answer = sent(pair, operation, body)
            count += len(extra)
            where = (operation.id, member.name)
            assert answer.status_code == 400, (*where, answer.content[:300])
            refused = {error["field"].rsplit(".", 1)[-1] for error in answer.json()["errors"]}
            assert len(refused & extra) >= MOST_ERRORS / 2, (*where, refused)
    assert documents(pair.here) == before
    figure(f"mass assignment: {count} fields offered, 0 set")


DANGEROUS = (
    "_id", "id", "tenant", "tenant_id", "tenantId", "role", "is_staff", "is_superuser", "is_owner",
    "owner", "status", "permissions", "created_at", "created_by_id", "version", "digest", "seq",
    "number",
)  # fmt: skip
EACH = 5  # which has no factor in common with how many there are


def test_no_dangerous_field_is_taken_alone(pair: Pair, figure: Callable[[str], None]) -> None:
    """One at a time, beside a body that is good: the refusal of one cannot hide that another is taken.

    Each object of each body is offered some of them, in turn, so that each is offered many times.
    """
    before, count, names = documents(pair.here), 0, itertools.cycle(DANGEROUS)
    for operation in WRITES:
        for member in members(operation):
            if member.kind != "object" or member.schema.get("additionalProperties") is True:
                continue
            some = set(itertools.islice(names, EACH))
            for name in some - set(member.schema["properties"]):
                answer = sent(pair, operation, _with_extra(operation, member, {name: "owner"}))
                count += 1
                where = (operation.id, member.name, name)
                assert answer.status_code == 400, (*where, answer.content[:300])
                refused = {error["field"] for error in answer.json()["errors"]}
                assert f"{member.name}.{name}".strip(".") in refused, (*where, refused)
    assert documents(pair.here) == before
    figure(f"mass assignment, one at a time: {count} fields offered, 0 set")


def _with_extra(operation: Operation, member: Member, extra: dict[str, str]) -> Any:
    if not member.name:
        return {**(operation.examples[0] if operation.examples else {}), **extra}
    return with_value(operation, member.name, extra)


def test_what_is_too_big_is_refused_quickly(pair: Pair, figure: Callable[[str], None]) -> None:
    slowest, count = 0.0, 0
    for operation, member in cases("string", "array"):
        value: Any = HUGE if member.kind == "string" else ["x"] * MANY
        if member.kind == "array" and member.is_in_list:
            continue
        began = time.thread_time()
        answer = sent(pair, operation, with_value(operation, member.name, value))
        took = time.thread_time() - began
        slowest, count = max(slowest, took), count + 1
        assert 400 <= answer.status_code < 500, (operation.id, member.name, answer.content[:200])
        assert len(raw(answer)) < 100_000, (operation.id, member.name)
        assert took < QUICK_S, (operation.id, member.name, took)
    figure(f"too big: {count} probes refused, the slowest in {slowest * 1000:.0f} ms")


@pytest.mark.parametrize("name", ["owner", "admin", "supervisor", "agent", "viewer", "key"])
def test_no_answer_shows_a_secret(pair: Pair, name: str, figure: Callable[[str], None]) -> None:
    from tests.probes.populated import secrets_of

    hidden, caller, good = secrets_of(pair.here), pair.callers[name], 0
    assert len(hidden) >= 6
    for operation in LISTS:
        path = operation.filled({p.name: pair.here.ids[p.model][0] for p in path_places(operation)})
        answer = caller.send("get", path)
        text = raw(answer).decode(errors="replace")
        assert [secret for secret in hidden if secret in text] == [], operation.id
        good += answer.status_code == 200
    figure(f"secrets, {name}: {len(LISTS)} answers ({good} good), 0 of {len(hidden)} shown")


def test_a_caller_is_what_its_name_says(pair: Pair) -> None:
    """The probes mean nothing if the owner were refused everywhere."""
    owner: Caller = pair.callers["owner"]
    good = [o.id for o in LISTS if sent(pair, o, None).status_code == 200]
    assert len(good) > len(LISTS) * 0.8, {o.id for o in LISTS} - set(good)
    assert owner.role == "owner"
