"""Check JSONata expressions: their syntax, and the values at their place.

Source: "Reserved states Variable with JSONata" and "JSONata Restrictions" in the specification.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from jsonata import Jsonata
from jsonata.jexception import JException

from localcloud.states_language.workflow import JSONATA, Places, State, Workflow, objects

# Fields whose strings are never expressions.
_CONSTANT = {
    "Type",
    "Comment",
    "QueryLanguage",
    "Next",
    "Default",
    "End",
    "Resource",
    "Label",
    "Retry",
}
_MACHINES = {"ItemProcessor", "Iterator", "Branches"}
_RULES = {"Choices", "Catch"}
_WITH_RESULT = ("Task", "Map", "Parallel")
# Parts of a syntax tree in which names belong to the value at this place.
_IN_CONTEXT = {
    "predicate",
    "stages",
    "group",
    "body",
    "pattern",
    "update",
    "delete",
    "terms",
    "nextFunction",
}
_NOT_A_PART = {"_outer_instance", "seeking_parent", "slot", "ancestor"}


class Expression(NamedTuple):
    """An expression without its marks; `field` is the field of the state or of its rule."""

    path: str
    text: str
    field: str
    state: State
    in_catch: bool


class Names(NamedTuple):
    """The names in an expression: members of $states, unbound names, and whether it has $$."""

    states: frozenset[str]
    unbound: frozenset[str]
    document: bool


def is_expression(value: object) -> bool:
    """Return whether a value is a string with the marks of an expression."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def half_marked(workflow: Workflow) -> Places:
    """Find strings with only one of the marks {% and %}."""
    for path, text, *_ in _strings(workflow):
        if text.startswith("{%") != text.endswith("%}"):
            yield path, f"{text!r:.80} has only one of the marks {{% and %}}."


def broken_expression(workflow: Workflow) -> Places:
    """Find expressions that are not JSONata."""
    for expression in _expressions(workflow):
        error = _parsed(expression.text)[1]
        if error:
            yield expression.path, f"{expression.text!r:.80} is not JSONata: {error}"


def unbound_name(workflow: Workflow) -> Places:
    """Find names and $ without a value; Step Functions provides no input document."""
    for expression in _expressions(workflow):
        for name in sorted(names(expression.text).unbound):
            yield (
                expression.path,
                f"Reference to {name!r} at the top level is not supported. Use $states.input.",
            )


def whole_document(workflow: Workflow) -> Places:
    """Find $$, the input document, which Step Functions does not provide."""
    for expression in _expressions(workflow):
        if names(expression.text).document:
            yield expression.path, "$$ is not supported. Use $states.input."


def result_out_of_place(workflow: Workflow) -> Places:
    """Find $states.result outside of Output and Assign of states with a result."""
    for expression in _expressions(workflow):
        allowed = (
            expression.field in ("Output", "Assign")
            and expression.state.type in _WITH_RESULT
            and not expression.in_catch
        )
        if "result" in names(expression.text).states and not allowed:
            yield (
                expression.path,
                "$states.result is allowed only in Output and Assign of Task, Map and Parallel "
                "states.",
            )


def error_output_out_of_place(workflow: Workflow) -> Places:
    """Find $states.errorOutput outside of a catcher."""
    for expression in _expressions(workflow):
        if "errorOutput" in names(expression.text).states and not expression.in_catch:
            yield (
                expression.path,
                "$states.errorOutput is allowed only in Output and Assign of a catcher.",
            )


@lru_cache(2000)  # several rules read each expression
def names(text: str) -> Names:
    """Return the names in an expression; empty if it is not JSONata."""
    tree = _parsed(text)[0]
    found = list(_references(tree, True)) if tree is not None else []
    return Names(
        frozenset(name for kind, name in found if kind == "states"),
        frozenset(name for kind, name in found if kind == "unbound"),
        any(kind == "document" for kind, _ in found),
    )


@lru_cache(2000)
def _parsed(text: str) -> tuple[Any, str]:
    try:
        return Jsonata(text).ast, ""
    except JException as exc:
        return None, str(exc)
    except (AttributeError, IndexError, TypeError, ValueError) as exc:
        # The parser raises these for some texts that end too early.
        return None, f"the text cannot be parsed ({exc})"


def _references(node: Any, at_top: bool) -> Places:
    """Yield the kind and name of every reference in a part of a syntax tree."""
    if isinstance(node, list | tuple):
        for item in node:
            yield from _references(item, at_top)
    elif hasattr(node, "type") and hasattr(node, "value"):
        yield from _reference(node, at_top)

        for name, part in vars(node).items():
            if name == "steps" and part:
                yield from _references(part[0], at_top)
                yield from _references(list(part[1:]), False)
            elif name not in _NOT_A_PART:
                yield from _references(part, at_top and name not in _IN_CONTEXT)


def _reference(node: Any, at_top: bool) -> Places:
    if node.type == "variable" and node.value == "$":
        yield "document", "$$"
    elif node.type == "variable" and node.value == "" and at_top:
        yield "unbound", "$"
    elif node.type in ("name", "wildcard", "descendant", "parent") and at_top:
        yield "unbound", str(node.value)
    elif node.type == "path":
        kinds = [(step.type, step.value) for step in node.steps[:2]]
        if kinds[0] == ("variable", "states") and len(kinds) == 2 and kinds[1][0] == "name":
            yield "states", str(kinds[1][1])


def _expressions(workflow: Workflow) -> Iterator[Expression]:
    for found in _strings(workflow):
        if is_expression(found.text):
            yield found._replace(text=found.text[2:-2].strip())


def _strings(workflow: Workflow) -> Iterator[Expression]:
    """Yield every string of JSONata states that may be an expression."""
    for state in workflow.states:
        if state.language == JSONATA:
            yield from _of_fields(state, state.path, state.fields, in_catch=False)


def _of_fields(
    state: State,
    path: str,
    fields: Mapping[str, Any],
    in_catch: bool,
) -> Iterator[Expression]:
    for field, value in fields.items():
        if field in _RULES:
            for where, rule in objects(f"{path}/{field}", value):
                yield from _of_fields(state, where, rule, in_catch=field == "Catch")
        elif field not in _CONSTANT | _MACHINES and not (in_catch and field == "ErrorEquals"):
            for where, text in _texts(f"{path}/{field}", value):
                yield Expression(where, text, field, state, in_catch)


def _texts(path: str, value: object) -> Places:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(f"{path}/{name}", item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(f"{path}[{index}]", item)
