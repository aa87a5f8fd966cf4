"""The resources of an event that a workflow puts: Step Functions appends its own ARNs, which MiniStack does not.

Source: Step Functions, "Add EventBridge events with Step Functions", Key features of Optimized EventBridge integration.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from ministack.services import stepfunctions

from localcloud.ministack.patch import wrap

_PUT_EVENTS = ":::events:putEvents"
_current: ContextVar[Mapping[str, Any] | None] = ContextVar("event_execution", default=None)


def install() -> None:
    """Append the ARNs of the execution and of its state machine to every entry."""
    wrap(stepfunctions, "_execute_task", "state_def raw_input execution ctx", _execute)
    wrap(stepfunctions, "_invoke_resource", "resource input_data", _invoke)
    wrap(stepfunctions, "_invoke_with_callback", "resource input_data token state_def", _invoke)


def _execute(
    original: Callable[..., Any], state_def: Any, raw_input: Any, execution: Mapping[str, Any], ctx: Any
) -> Any:
    token = _current.set(execution)
    try:
        return original(state_def, raw_input, execution, ctx)
    finally:
        _current.reset(token)


def _invoke(original: Callable[..., Any], resource: str, input_data: Any, *rest: Any) -> Any:
    execution = _current.get()
    if execution is not None and _PUT_EVENTS in resource:
        own = [execution["executionArn"], execution["stateMachineArn"]]
        entries = [{**entry, "Resources": [*entry.get("Resources", []), *own]} for entry in input_data["Entries"]]
        input_data = {**input_data, "Entries": entries}
    return original(resource, input_data, *rest)
