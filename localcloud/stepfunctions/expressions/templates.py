"""Fill the fields of states: replace each expression in JSON by its value."""

from collections.abc import Mapping
from typing import Any

from localcloud.states_language.expressions import is_expression
from localcloud.stepfunctions.expressions.engine import EvaluationError, evaluate


class FieldError(Exception):
    """An expression in a field fails; `path` is its place, as "Output/result"."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


def fill(template: Any, variables: Mapping[str, Any], path: str) -> Any:
    """Return a field with each expression in it replaced by its value.

    Args:
        template: the field.
        variables: the values of the names in expressions.
        path: the place of the field in its state.

    Raises:
        FieldError: the evaluation of an expression fails.
    """
    if isinstance(template, str):
        return _value(template, variables, path) if is_expression(template) else template
    if isinstance(template, dict):
        return {key: fill(value, variables, f"{path}/{key}") for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, variables, f"{path}[{index}]") for index, value in enumerate(template)]
    return template


def described(template: Any, path: str) -> str:
    """Return how AWS names an expression, or another value, in the message of an error."""
    if is_expression(template):
        return f"The JSONata expression '{template[2:-2].strip()}' specified for the field '{path}'"
    return f"The value specified for the field '{path}'"


def _value(template: str, variables: Mapping[str, Any], path: str) -> Any:
    try:
        return evaluate(template[2:-2].strip(), variables)
    except EvaluationError as exc:
        raise FieldError(path, f"{described(template, path)} {exc}") from exc
