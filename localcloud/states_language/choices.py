"""Check Choice states (specification, "Choice State")."""

from collections.abc import Mapping
from typing import Any

from localcloud.states_language.expressions import is_expression
from localcloud.states_language.workflow import JSONATA, JSONPATH, Places, Workflow, objects

OPERATORS = {
    f"{kind}{operator}{path}": kind
    for kind in ("String", "Numeric", "Timestamp")
    for operator in ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
    for path in ("", "Path")
}
OPERATORS |= {"StringMatches": "String", "BooleanEquals": "Boolean", "BooleanEqualsPath": "Boolean"}
OPERATORS |= dict.fromkeys(["IsNull", "IsPresent", "IsNumeric"], "Boolean")
OPERATORS |= dict.fromkeys(["IsString", "IsBoolean", "IsTimestamp"], "Boolean")
TYPES: dict[str, tuple[type, ...]] = {
    "String": (str,),
    "Timestamp": (str,),
    "Numeric": (int, float),
    "Boolean": (bool,),
}
COMBINED = ("And", "Or")
OF_JSONATA = {"Condition", "Output"}
OF_JSONPATH = {"Variable", *OPERATORS, *COMBINED, "Not"}


def wrong_condition(workflow: Workflow) -> Places:
    """Find JSONata choice rules without a condition that can be true or false."""
    for state in workflow.states:
        if state.type == "Choice" and state.language == JSONATA:
            for path, rule in objects(f"{state.path}/Choices", state.fields.get("Choices")):
                condition = rule.get("Condition")
                if not isinstance(condition, bool) and not is_expression(condition):
                    yield (
                        f"{path}/Condition",
                        f"{condition!r:.80} is not an expression that is true or false.",
                    )


def wrong_choice_field(workflow: Workflow) -> Places:
    """Find choice rules without Next or with unknown fields."""
    for state in workflow.states:
        if state.type != "Choice":
            continue
        own = OF_JSONATA if state.language == JSONATA else OF_JSONPATH
        for path, rule in objects(f"{state.path}/Choices", state.fields.get("Choices")):
            if not isinstance(rule.get("Next"), str):
                yield path, "Next is missing. A choice rule needs it."
            for name in rule.keys() - own - {"Next", "Assign", "Comment"}:
                yield path, f"Field {name!r} is not supported here. Remove it."
            if not isinstance(rule.get("Assign", {}), dict):
                yield f"{path}/Assign", "Assign is not an object."


def wrong_comparison(workflow: Workflow) -> Places:
    """Find JSONPath choice rules without exactly one comparison."""
    for state in workflow.states:
        if state.type == "Choice" and state.language == JSONPATH:
            for path, rule in objects(f"{state.path}/Choices", state.fields.get("Choices")):
                yield from _compared(path, rule)


def _compared(path: str, rule: Mapping[str, Any]) -> Places:
    operators = sorted(rule.keys() & {*OPERATORS, *COMBINED, "Not"})
    if len(operators) != 1:
        yield path, f"A choice rule needs exactly one operator. This one has {len(operators)}."
        return

    [operator] = operators
    if operator in OPERATORS:
        yield from _data_test(path, rule, operator)
        return

    inner = [rule[operator]] if operator == "Not" else rule[operator]
    rules = list(objects(f"{path}/{operator}", inner))
    if not rules or not isinstance(inner, list) or len(rules) < len(inner):
        yield f"{path}/{operator}", f"{operator} does not hold choice rules."
        return

    for where, nested in rules:
        if "Next" in nested:
            yield where, "Next is allowed only in a rule of Choices itself. Remove it."
        yield from _compared(where, nested)


def _data_test(path: str, rule: Mapping[str, Any], operator: str) -> Places:
    variable = rule.get("Variable")
    value = rule[operator]
    if not isinstance(variable, str) or not variable.startswith("$"):
        yield f"{path}/Variable", f"{variable!r:.80} is not a path. A path begins with $."

    types = (str,) if operator.endswith("Path") else TYPES[OPERATORS[operator]]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        yield f"{path}/{operator}", f"{value!r:.80} cannot be compared by {operator}."
