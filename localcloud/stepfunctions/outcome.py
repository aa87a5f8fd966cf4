"""Build the outcome of a state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.stepfunctions.payloads import Payload
from localcloud.stepfunctions.scope import Scope


@dataclass(frozen=True)
class Outcome:
    """The output of a state, the next state or None, and the variables that the state sets."""

    output: Payload
    following: str | None
    values: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


def finished(
    state: Mapping[str, Any], given: Payload, scope: Scope, default: Payload, **more: Any
) -> Outcome:
    """Evaluate the Output and Assign of a state that succeeds.

    Args:
        state: the state.
        given: the input of the state.
        scope: the variables and the context object.
        default: the output of a state without Output.
        more: further members of $states, as result.

    Raises:
        StateError: an evaluation fails, or the output is too large.
    """
    output = default
    if "Output" in state:
        output = Payload(scope.evaluate("Output", state["Output"], given, **more))
    output.require_small(f"The state/task '{scope.state_name}' returned a result")
    values, texts = scope.assign(state, given, **more)
    return Outcome(output, state.get("Next"), values, texts)
