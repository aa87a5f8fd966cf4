"""Hold the variables, context and history of an execution, a branch or an iteration."""

from collections.abc import Mapping
from typing import Any

from localcloud.stepfunctions.clock import iso, now
from localcloud.stepfunctions.errors import DATA_LIMIT_EXCEEDED, QUERY_EVALUATION, StateError
from localcloud.stepfunctions.executions import Execution
from localcloud.stepfunctions.expressions.templates import FieldError, described, fill
from localcloud.stepfunctions.life import Life
from localcloud.stepfunctions.payloads import MAX_PAYLOAD_BYTES, Payload, is_too_large, to_text

# "Passing data between states with variables", Limits: the size of all variables together.
MAX_VARIABLES_BYTES = 10 * 1024 * 1024
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


class Scope:
    """Variables, context object and history for a sequence of states.

    Args:
        execution: the execution of the states.
        life: ends when the states must end.
        context: the context object, without its member State.
        variables: the variables with a value.
        previous: the id of the previous event; None is the last event of the history.
    """

    def __init__(
        self,
        execution: Execution,
        life: Life,
        context: Mapping[str, Any],
        variables: Mapping[str, Any] | None = None,
        previous: int | None = None,
    ) -> None:
        self.execution = execution
        self.life = life
        self.variables = dict(variables or {})
        self.state_name = ""
        self._context = dict(context)
        self._previous = previous
        self._entered = previous
        self._sizes: dict[str, int] = {}

    def branch(self, life: Life, item: Mapping[str, Any] | None = None) -> "Scope":
        """Return the scope of a branch or iteration, which sees these variables and sets its own.

        Args:
            life: the life of the branch.
            item: the item of an iteration, as in $states.context.Map.Item.
        """
        context = self._context if item is None else {**self._context, "Map": {"Item": item}}
        return Scope(self.execution, life, context, self.variables, self._previous)

    def enter(self, name: str, kind: str, given: Payload) -> None:
        """Note that a state begins."""
        self.state_name = name
        entered = {"Name": name, "EnteredTime": iso(now()), "RetryCount": 0}
        self._context["State"] = entered
        self.add(
            f"{kind}StateEntered", stateEnteredEventDetails={"name": name, "input": given.text}
        )
        self._entered = self._previous

    def leave(self, kind: str, output: Payload, assigned: Mapping[str, str]) -> None:
        """Note that a state ends."""
        details: dict[str, Any] = {"name": self.state_name, "output": output.text}
        if assigned:
            details["assignedVariables"] = dict(assigned)
        self.add(f"{kind}StateExited", stateExitedEventDetails=details)

    def add(self, kind: str, **details: Any) -> None:
        """Add an event to the history."""
        self._previous = self.execution.history.add(kind, self._previous, **details)

    def count_retries(self, retries: int) -> None:
        """Set $states.context.State.RetryCount."""
        self._context["State"] = {**self._context["State"], "RetryCount": retries}

    def evaluate(self, field: str, template: Any, given: Payload, **more: Any) -> Any:
        """Return a field with each expression replaced by its value.

        Args:
            field: the place of the field, for the history.
            template: the field.
            given: the state's input.
            more: further members of $states: result, errorOutput, or context.

        Raises:
            StateError: States.QueryEvaluationError.
        """
        states = {"input": given.value, "context": self._context, **more}
        try:
            return fill(template, {**self.variables, "states": states}, field)
        except FieldError as exc:
            raise self.failure(exc.path, str(exc)) from exc

    def typed(self, state: Mapping[str, Any], field: str, kind: str, given: Payload) -> Any:
        """Return the value of a field, which must have a JSON type.

        Raises:
            StateError: States.QueryEvaluationError, the value has another type.
        """
        value = self.evaluate(field, state[field], given)
        if not has_type(value, kind):
            found = next((name for name in _TYPES if has_type(value, name)), "null")
            raise self.failure(
                field,
                f"{described(state[field], field)} returned an unexpected result type. "
                f"Expected '{kind}', but was '{found}' for value: {to_text(value)}",
            )

        return value

    def with_item(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Return the context object for an item of a map."""
        return {**self._context, "Map": {"Item": item}}

    def assign(
        self, rule: Mapping[str, Any], given: Payload, **more: Any
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Evaluate the Assign of a state or rule; return the values and their texts.

        Every expression sees the previous values. `set` makes the new values visible.

        Raises:
            StateError: an evaluation fails, or the values are larger than variables may be.
        """
        if "Assign" not in rule:
            return {}, {}

        values = self.evaluate("Assign", rule["Assign"], given, **more)
        texts = {name: to_text(value) for name, value in values.items()}
        if is_too_large("".join(texts.values())):
            raise StateError(
                DATA_LIMIT_EXCEEDED,
                "The variables of one Assign exceed the maximum size of "
                f"{MAX_PAYLOAD_BYTES} bytes together.",
            )

        self._sizes.update({name: len(text) for name, text in texts.items()})
        if sum(self._sizes.values()) > MAX_VARIABLES_BYTES:
            raise StateError(
                DATA_LIMIT_EXCEEDED,
                f"The variables exceed the maximum size of {MAX_VARIABLES_BYTES} bytes together.",
            )

        return values, texts

    def set(self, values: Mapping[str, Any]) -> None:
        """Set variables."""
        self.variables.update(values)

    def failure(self, field: str, message: str) -> StateError:
        """Return the error of a field that cannot be evaluated, and note it in the history."""
        cause = (
            f"An error occurred while executing the state '{self.state_name}' "
            f"(entered at the event id #{self._entered}). {message}"
        )
        if not self.life.is_over:
            details = {"error": QUERY_EVALUATION, "cause": cause, "location": field}
            details["state"] = self.state_name
            self.add("EvaluationFailed", evaluationFailedEventDetails=details)

        return StateError(QUERY_EVALUATION, cause)


def has_type(value: Any, kind: str) -> bool:
    """Return whether a value has a JSON type; true and false are not numbers."""
    return isinstance(value, _TYPES[kind]) and (kind == "boolean") == isinstance(value, bool)
