"""Names of variables in the scopes of a definition."""

from typing import Any

import pytest

from localcloud.states_language.names import variable_of_outer_scope
from localcloud.states_language.rules import Rule, check

RULE = Rule("SCHEMA_VALIDATION_FAILED", variable_of_outer_scope)
DISTRIBUTED = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}


def assign(*names: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Pass", "Assign": dict.fromkeys(names, 1), "End": True, **fields}


def machine(name: str, state: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"StartAt": name, "States": {name: state}, **fields}


def found(state: dict[str, Any], language: str = "JSONata") -> list[str]:
    """Return the paths of the variables that a definition with this second state must not have."""
    states = {"First": assign("outer", Next="Second"), "Second": state}
    definition = {"QueryLanguage": language, "StartAt": "First", "States": states}
    return [finding.path for finding in check(definition, rules=[RULE])]


def mapped(*names: str, config: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    processor = machine("Inner", assign(*names), ProcessorConfig=config or {"Mode": "INLINE"})
    return {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}


@pytest.mark.parametrize("config", [None, DISTRIBUTED], ids=["inline", "distributed"])
def test_variable_of_a_map_cannot_have_the_name_of_an_outer_variable(
    config: dict[str, str] | None,
) -> None:
    path = "/States/Second/ItemProcessor/States/Inner/Assign/outer"
    assert [path] == found(mapped("outer", "inner", config=config))


def test_variable_of_a_branch_cannot_have_the_name_of_an_outer_variable() -> None:
    branches = [machine("Left", assign("own")), machine("Right", assign("outer"))]
    path = "/States/Second/Branches[1]/States/Right/Assign/outer"
    assert [path] == found({"Type": "Parallel", "Branches": branches, "End": True})


def test_name_that_jsonpath_evaluates_is_the_same_name() -> None:
    path = "/States/Second/ItemProcessor/States/Inner/Assign/outer.$"
    assert [path] == found(mapped("outer.$"), language="JSONPath")


def test_branches_beside_each_other_may_share_a_name() -> None:
    branches = [machine("Left", assign("same")), machine("Right", assign("same"))]
    assert [] == found({"Type": "Parallel", "Branches": branches, "End": True})


def test_catch_of_a_map_may_assign_a_variable_of_its_own_scope() -> None:
    catcher = {"ErrorEquals": ["States.ALL"], "Assign": {"outer": 2}, "Next": "First"}
    assert [] == found(mapped("inner", Catch=[catcher]))
