"""Evaluate one expression, within the limits that Step Functions documents.

The engine is the library jsonata-python, a port of the reference implementation. AWS documents
`jsonata` 2.0.6. On the recordings of the contract tests the two differ only in `$string`, which
`text` corrects.
"""

import copy
from collections.abc import Mapping
from functools import lru_cache
from time import thread_time
from typing import Any

from jsonata.jexception import JException
from jsonata.jsonata import Jsonata
from jsonata.utils import Utils

from localcloud.stepfunctions.expressions.functions import FUNCTIONS
from localcloud.stepfunctions.expressions.text import text_of

# An evaluation may take one second (Step Functions, "Transforming data with JSONata"). Five are
# allowed here, because pauses of the machine and garbage collection count as work of the thread.
_LIMIT_SECONDS = 5.0
# The steps between two readings of the clock; a reading costs as much as a step.
_STEPS = 64
# More than the expressions of the workflows here; a syntax tree takes some kilobytes.
_EXPRESSIONS = 2000
_TIMED_OUT = "D1012"


class EvaluationError(Exception):
    """The evaluation fails, takes too long, or returns no value."""


class _Expression(Jsonata):  # type: ignore[misc]  # the library has no types
    """A parsed expression, whose `&` writes values as jsonata 2.0.6 does."""

    def evaluate_string_concat(self, lhs: Any, rhs: Any) -> str:
        """Join the texts of two values; an undefined value has an empty text."""
        return (text_of(lhs) or "") + (text_of(rhs) or "")


class _Limit:
    """End an evaluation that works for too long; waiting for a processor does not count."""

    def __init__(self) -> None:
        self._end = thread_time() + _LIMIT_SECONDS
        self._steps = 0

    def step(self, *_evaluated: object) -> None:
        """Count a step.

        Raises:
            JException: D1012, the evaluation takes too long.
        """
        self._steps += 1
        if self._steps % _STEPS == 0 and thread_time() > self._end:
            raise JException(_TIMED_OUT, -1, round(1000 * _LIMIT_SECONDS))


def evaluate(text: str, variables: Mapping[str, Any]) -> Any:
    """Return the JSON value of an expression.

    Args:
        text: the expression, without its marks {% and %}.
        variables: the values of its names, with `states` among them.

    Raises:
        EvaluationError: the expression has no value; with AWS's message.
    """
    try:
        expression = _instance(text)
        value = expression.evaluate(None, _bindings(variables))
    except Exception as exc:  # the library raises its own errors, ValueError and RecursionError
        raise EvaluationError(f"threw an error during evaluation. {_message(exc)}") from exc

    if value is None:
        raise EvaluationError("returned nothing (undefined).")

    return Utils.convert_nulls(value)


def _bindings(variables: Mapping[str, Any]) -> dict[str, Any]:
    # In the library None is undefined, and another value is null.
    bound = {
        name: Utils.NULL_VALUE if value is None else value for name, value in variables.items()
    }
    return {**bound, "__evaluate_entry": _Limit().step}


def _instance(text: str) -> Jsonata:
    """Return an expression for one evaluation, whose state it holds."""
    instance = copy.copy(_parsed(text))
    instance.parser = Jsonata.get_parser()
    Jsonata.CURRENT.jsonata = instance  # the library looks the instance up by thread
    return instance


@lru_cache(_EXPRESSIONS)
def _parsed(text: str) -> Jsonata:
    expression = _Expression(text)
    expression.set_output_convert_nulls(False)
    for name, make in FUNCTIONS.items():
        expression.register_function(name, make())
    return expression


def _message(exc: Exception) -> str:
    # AWS's cause begins with the code of JSONata, a separate field in the library.
    code = getattr(exc, "error", None)
    return f"{code}: {exc}" if isinstance(code, str) and code else str(exc)
