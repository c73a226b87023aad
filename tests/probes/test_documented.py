"""Every operation is documented: who may, what can go wrong, and an example of each shape."""

import re
from typing import Any

import pytest

from kernel.catalogue import as_html
from tests.api import contract
from tests.probes.positions import Operation, operations, resolved

CODE = re.compile(r"`([a-z_]+)`")
PARAMETRIZED = pytest.mark.parametrize("operation", operations(), ids=lambda o: o.id)


@PARAMETRIZED
def test_an_operation_says_who_may_call_it(operation: Operation) -> None:
    text = operation.spec["description"]
    assert operation.spec["summary"]
    assert re.search(r"[Pp]ermission|Any (?:signed-in|member)|No credential", text), text
    assert operation.spec.get("security") or "No credential" in text
    assert operation.spec["tags"]


@PARAMETRIZED
def test_an_operation_lists_its_refusals_by_code(operation: Operation) -> None:
    answers, known = operation.spec["responses"], as_html()
    refusals = {status: a for status, a in answers.items() if status[0] in "45"}
    wanted = {"400", "401", "403", "429"} | ({"404"} if "{" in operation.path else set())
    wanted |= {"411", "413", "415"} if "requestBody" in operation.spec else set()
    assert wanted <= set(refusals)
    for status, answer in refusals.items():
        codes = CODE.findall(answer["description"])
        assert codes, f"{status} names no code"
        assert [code for code in codes if f'id="{code}"' not in known] == []
        assert set(answer["content"]) == {contract.PROBLEM}


@PARAMETRIZED
def test_an_operation_has_an_example_of_what_it_takes_and_gives(operation: Operation) -> None:
    if operation.body and resolved(operation.body).get("properties"):
        assert operation.examples
        for example in operation.examples:
            contract.validate_request(operation.spec, example)
    status, answer = next((s, a) for s, a in operation.spec["responses"].items() if s[0] == "2")
    given: dict[str, Any] = answer.get("content", {}).get(contract.JSON, {})
    if given:
        assert given["examples"]
        for example in given["examples"].values():
            contract.validate_answer(operation.spec, status, example["value"])


@PARAMETRIZED
def test_what_an_operation_reads_is_described(operation: Operation) -> None:
    for parameter in operation.parameters:
        if parameter["in"] != "path":
            assert parameter.get("description"), parameter["name"]
        assert parameter["schema"].get("type"), parameter["name"]
