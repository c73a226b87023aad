"""The generated schema as a judge: an answer that it does not describe fails the test that got it."""

import copy
import re
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator, FormatChecker

STREAM = "/api/v1/stream"
METHODS = ("get", "post", "patch", "put", "delete")
JSON, PROBLEM = "application/json", "application/problem+json"


@cache
def whole_schema() -> dict[str, Any]:
    """The OpenAPI document."""
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return document


@cache
def schema() -> dict[str, Any]:
    """The OpenAPI document of what web answers: the stream is another process, with tests of its own."""
    paths = {path: of for path, of in whole_schema()["paths"].items() if path != STREAM}
    return {**whole_schema(), "paths": paths}


@cache
def _closed() -> dict[str, Any]:
    """Its components, with no room for members that they do not name."""
    components = copy.deepcopy(schema()["components"])
    for name, component in components["schemas"].items():
        if "properties" in component and name != "Problem":
            component.setdefault("additionalProperties", False)
    return components


@cache
def _paths() -> list[tuple[re.Pattern[str], str]]:
    return [
        (re.compile("^" + re.sub(r"\{\w+\}", "[0-9a-f]{24}", path) + "$"), path)
        for path in schema()["paths"]
    ]


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Every operation: method, path, what the schema says of it."""
    return [
        (method, path, operation)
        for path, operations in schema()["paths"].items()
        for method, operation in operations.items()
        if method in METHODS
    ]


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    """What the schema says of a request, or None for an address that it does not know."""
    for pattern, template in _paths():
        if pattern.match(path):
            return schema()["paths"][template].get(method)
    return None


def check(method: str, path: str, response: Any) -> None:
    """Raise unless the answer's status, type and body are what the schema says."""
    operation = operation_of(method, path)
    if operation is None or response.status_code == 405:
        return
    promised = operation["responses"].get(str(response.status_code))
    problem = _code(response)
    assert promised is not None, (
        f"{method} {path}: {response.status_code} {problem} is not documented"
    )
    if response.status_code == 204:
        assert not response.content
        return
    kind = response["Content-Type"].split(";")[0]
    assert kind in promised["content"], f"{method} {path}: {kind} is not documented"
    if kind not in (JSON, PROBLEM):
        return  # a file
    _validate(promised["content"][kind]["schema"], response.json())
    if kind == PROBLEM:
        assert f"`{problem}`" in promised["description"], (
            f"{method} {path}: {problem} is not listed"
        )


def _code(response: Any) -> str:
    is_problem = response.get("Content-Type", "").startswith(PROBLEM)
    return str(response.json()["code"]) if is_problem else ""


def _validate(part: dict[str, Any], body: Any) -> None:
    whole = {**part, "components": _closed()}
    Draft202012Validator(whole, format_checker=FormatChecker()).validate(body)


def validate_request(operation: dict[str, Any], body: Any) -> None:
    """Raise unless ``body`` is one that the operation says it takes."""
    content = operation["requestBody"]["content"][JSON]
    whole = {**content["schema"], "components": schema()["components"]}
    Draft202012Validator(whole, format_checker=FormatChecker()).validate(body)


def validate_answer(operation: dict[str, Any], status: str, body: Any) -> None:
    """Raise unless ``body`` is one that the operation says it gives."""
    _validate(operation["responses"][status]["content"][JSON]["schema"], body)
