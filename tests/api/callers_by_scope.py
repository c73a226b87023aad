"""Callers that hold just some permissions, and what each operation needs of them."""

from collections.abc import Iterable
from itertools import product
from typing import Any

from config.api.operations import NEEDS
from tenants.needs import AnyOf, Need, is_met
from tenants.permissions import Permission
from tests.api.caller import PREFIX, Caller, code_of
from tests.api.conftest import key_caller
from tests.api.permission_table import ALSO, BODIES


def needs_of(name: str) -> list[Need]:
    """What an operation needs when it is asked with its body of the table."""
    return [*NEEDS[name], *ALSO.get(name, ())]


def ways_of(name: str) -> list[set[Permission]]:
    """Every smallest set of permissions that an operation is content with."""
    each = [n.permissions if isinstance(n, AnyOf) else (n,) for n in needs_of(name)]
    found = [set(way) for way in product(*each)]
    return [way for way in found if not any(other < way for other in found)]


def may(name: str, held: Iterable[str]) -> bool:
    holds = set(held)
    return all(is_met(need, holds) for need in needs_of(name))


def is_refused(answer: Any) -> bool:
    return answer.status_code == 403 and code_of(answer) == "permission_denied"


def ask(caller: Caller, name: str, method: str, path: str, ids: dict[str, str]) -> Any:
    """Call an operation with a body of the right shape; ids that are not given point at nothing."""
    if name == "media_upload":
        return caller.upload(b"x", "x.txt", "text/plain")
    parts = [ids.get(p, "0" * 24) if p.startswith("{") else p
             for p in path.removeprefix(PREFIX).split("/")]  # fmt: skip
    return caller.call(method, "/".join(parts), body=BODIES.get(name))


def with_scopes(world: Any, scopes: Iterable[str]) -> Caller:
    """A key of the owner that holds just these; one that would hold none holds what opens nothing."""
    return key_caller(world, sorted(scopes))[0]
