"""Where an id can be written in a request: read from the OpenAPI document, so a new operation is in it."""

import copy
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests import factories
from tests.api import contract

ID_PATTERN = "[0-9a-f]{24}"
ID = re.compile(f"^{ID_PATTERN}$")
DEEPEST = 6
Step = str | int

# A name in the API that is not its model's.
ALIASES = {
    "media": "messaging.Attachment", "member": "tenants.Membership", "assignee": "tenants.Membership",
    "key": "tenants.ApiKey", "event": "webhooks.WebhookEvent", "sign_in": "channels.ChannelSignIn",
    "user": "accounts.User", "tenant": "tenants.Tenant", "template": "channels.MessageTemplate",
    "reply_to": "messaging.Message", "import": "archives.Import", "erasure": "archives.Erasure",
    "contact_erasure": "archives.ContactErasure", "person": "accounts.User", "grant": "tenants.StaffGrant",
    "item": "webhooks.WebhookEvent",  # of work: of whatever kind it is
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where in a request, its name (dotted inside a body), and whose rows the id names."""

    where: str
    name: str
    model: str


@dataclass(frozen=True)
class Operation:
    """What the schema says of one operation."""

    id: str
    method: str
    path: str
    spec: Any

    @property
    def parameters(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.spec.get("parameters", [])
        return found

    def named(self, where: str) -> list[dict[str, Any]]:
        return [p for p in self.parameters if p["in"] == where]

    @property
    def has_tenant(self) -> bool:
        return any(p["name"] == "X-Tenant" for p in self.named("header"))

    @property
    def body(self) -> dict[str, Any]:
        """The schema of its JSON body, or nothing."""
        content = self.spec.get("requestBody", {}).get("content", {})
        found: dict[str, Any] = content.get(contract.JSON, {}).get("schema", {})
        return found

    @property
    def examples(self) -> list[Any]:
        content = self.spec.get("requestBody", {}).get("content", {}).get(contract.JSON, {})
        return [example["value"] for example in content.get("examples", {}).values()]

    @property
    def is_upload(self) -> bool:
        return "multipart/form-data" in self.spec.get("requestBody", {}).get("content", {})

    def filled(self, values: dict[str, str]) -> str:
        return re.sub(r"\{(\w+)\}", lambda m: values[m[1]], self.path)


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(Operation(o["operationId"], m, p, o) for m, p, o in contract.operations())


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that a reference points at."""
    while "$ref" in schema:
        schema = contract.schema()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


@cache
def model_of(name: str) -> str | None:
    """The model whose rows an id of this name points at: ``contact_id``, ``channel``, ``team_ids``."""
    bare = re.sub(r"_ids?$", "", name)
    for candidate in (bare, bare.removesuffix("s")):
        if candidate in ALIASES:
            return ALIASES[candidate]
        if found := _model_named(candidate.replace("_", "")):
            return found
    last = bare.rsplit("_", 1)[-1]
    return model_of(last) if last != bare else None


def _model_named(word: str) -> str | None:
    """The model of that name, or the only one whose name ends with that word."""
    labels = {m.__name__: m._meta.label for m in factories.tenant_models()}
    endings = {
        name: {"".join(parts[n:]).lower() for n in range(len(parts))}
        for name in labels
        if (parts := re.findall("[A-Z][a-z0-9]*", name))
    }
    exact = [label for name, label in labels.items() if name.lower() == word]
    ending = [labels[name] for name, ends in endings.items() if word in ends]
    return exact[0] if exact else ending[0] if len(ending) == 1 else None


def path_places(operation: Operation) -> list[Place]:
    return [Place("path", p["name"], _known(operation, p["name"])) for p in operation.named("path")]


def _known(operation: Operation, name: str) -> str:
    found = model_of(name)
    if found is None:
        raise AssertionError(f"{operation.id}: say in {__name__}.ALIASES whose rows {name!r} names")
    return found


def query_places(operation: Operation) -> list[Place]:
    """Parameters that take an id: named so, or called after a model that an id filters by."""
    return [
        Place("query", p["name"], model)
        for p in operation.named("query")
        if "enum" not in p["schema"] and p["schema"].get("type") == "string"
        and p["name"] not in ("cursor", "status", "state", "kind", "type")
        and (model := model_of(p["name"]))
    ]  # fmt: skip


def body_places(operation: Operation) -> list[Place]:
    """Members of the body that hold an id, by the schema's pattern or by what an example has there."""
    found = {
        steps: _known(operation, _last_name(steps)) for steps in _in_schema(operation.body, (), 0)
    }
    for example in operation.examples:
        for steps in _in_example(example, ()):
            if model := model_of(_last_name(steps)):
                found.setdefault(steps, model)
    return [Place("body", ".".join(map(str, steps)), model) for steps, model in found.items()]


def _last_name(steps: tuple[Step, ...]) -> str:
    return next(str(step) for step in reversed(steps) if isinstance(step, str))


def _in_schema(schema: dict[str, Any], steps: tuple[Step, ...], depth: int) -> Iterator[Any]:
    schema = resolved(schema)
    if ID_PATTERN in schema.get("pattern", "") and steps:
        yield steps
    if depth > DEEPEST:
        return
    for part in (*schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("allOf", ())):
        yield from _in_schema(part, steps, depth + 1)
    for name, part in schema.get("properties", {}).items():
        yield from _in_schema(part, (*steps, name), depth + 1)
    if isinstance(items := schema.get("items"), dict):
        yield from _in_schema(items, (*steps, 0), depth + 1)


def _in_example(value: Any, steps: tuple[Step, ...]) -> Iterator[Any]:
    if isinstance(value, str) and ID.match(value) and steps:
        yield steps
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _in_example(inner, (*steps, name))
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from _in_example(inner, (*steps, n))


def with_value(operation: Operation, name: str, value: Any) -> Any:
    """A body as the operation's examples have it, with ``value`` where ``name`` points."""
    steps: list[Step] = [int(part) if part.isdigit() else part for part in name.split(".")]
    body = _without_other_ids(operation, copy.deepcopy(_template_for(operation, steps)), steps)
    at = body
    for step, following in itertools.pairwise(steps):
        at = _inside(at, step, [] if isinstance(following, int) else {})
    _put(at, steps[-1], value)
    return body


def _without_other_ids(operation: Operation, body: Any, steps: list[Step]) -> Any:
    """An example's other ids name nothing here: those that may be left out are."""
    required = resolved(operation.body).get("required", ())
    for other in list(_in_example(body, ())):
        if other[0] != steps[0] and other[0] not in required:
            body.pop(other[0], None)
    return body


def _template_for(operation: Operation, steps: list[Step]) -> Any:
    """The example that has the place; else one of the type that the place belongs to; else any."""
    fits = [e for e in operation.examples if _has(e, steps)]
    if fits:
        return fits[0]
    of_type = resolved(operation.body).get("properties", {}).get("type", {})
    if steps[0] in resolved(of_type).get("enum", ()):
        return {"type": steps[0]}
    return operation.examples[0] if operation.examples else {}


def _has(value: Any, steps: list[Step]) -> bool:
    for step in steps:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def _inside(at: Any, step: Step, empty: Any) -> Any:
    if isinstance(at, list):
        if not at:
            at.append(empty)
        return at[0]
    if not isinstance(at.get(step), type(empty)):
        at[step] = empty
    return at[step]


def _put(at: Any, step: Step, value: Any) -> None:
    if isinstance(at, list):
        at[:] = value if isinstance(value, list) else [value]
    else:
        at[step] = value
