"""What a state comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.stepfunctions.payloads import Payload
from localcloud.stepfunctions.scope import Scope


@dataclass(frozen=True)
class Outcome:
    """The output of a state, the state that follows (None: none), and the variables that it sets."""

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
        given: its input.
        scope: what it sees.
        default: its output if it has no Output.
        more: further members of $states, such as result.

    Raises:
        StateError: an evaluation fails, or the output is too large.
    """
    output = default
    if "Output" in state:
        output = Payload(scope.evaluate("Output", state["Output"], given, **more))
    output.require_small(f"The state/task '{scope.state_name}' returned a result")
    values, texts = scope.assign(state, given, **more)
    return Outcome(output, state.get("Next"), values, texts)
