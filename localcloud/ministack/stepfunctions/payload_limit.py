"""The 256 KiB that Step Functions lets into and out of a state, and the errors that ``States.ALL`` does not match."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ministack.services import stepfunctions

from localcloud.ministack.patch import wrap

# Step Functions, "Service quotas", Quotas related to state machine executions: 256 KiB as a UTF-8 encoded string.
MAX_PAYLOAD_BYTES = 262_144
LIMIT_EXCEEDED = "States.DataLimitExceeded"


def install() -> None:
    """Measure what goes into and comes out of every state and task."""
    wrap(stepfunctions, "_add_event", "execution event_type details", _check_event)
    wrap(stepfunctions, "_invoke_resource", "resource input_data", _check_task_input)
    wrap(stepfunctions, "_invoke_with_callback", "resource input_data token state_def", _check_task_input)
    wrap(
        stepfunctions,
        "_apply_jsonata_output",
        "state_def raw_input ctx result error_output default",
        _check_output,
    )
    wrap(stepfunctions, "_error_matches", "error_equals error", _matches)


def _is_too_large(payload: Any) -> bool:
    # With its escapes and spaces a text is never shorter than what Step Functions measures, so most need one look.
    return (
        len(json.dumps(payload)) > MAX_PAYLOAD_BYTES
        and len(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass"))
        > MAX_PAYLOAD_BYTES
    )


def _refuse(what: str) -> None:
    raise stepfunctions._ExecutionError(
        LIMIT_EXCEEDED, f"{what} with a size exceeding the maximum number of bytes service limit ({MAX_PAYLOAD_BYTES})."
    )


def _check_event(
    original: Callable[..., Any],
    execution: Any,
    event_type: str,
    details: Mapping[str, Mapping[str, Any]] | None = None,
) -> Any:
    event = original(execution, event_type, details)
    for payloads in (details or {}).values():
        for direction in ("input", "output"):
            text = payloads.get(direction) or ""
            if len(text) > MAX_PAYLOAD_BYTES and _is_too_large(json.loads(text)):
                _refuse(f"The state/task '{payloads.get('name', payloads.get('resource'))}' has an {direction}")
    return event


def _check_task_input(original: Callable[..., Any], resource: str, input_data: Any, *rest: Any) -> Any:
    if _is_too_large(input_data):
        _refuse(f"The state/task '{resource}' was called")
    return original(resource, input_data, *rest)


def _check_output(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    output = original(*args, **kwargs)
    if _is_too_large(output):
        _refuse("The state/task returned a result")
    return output


def _matches(original: Callable[..., bool], error_equals: Sequence[str], error: str) -> bool:
    # Step Functions, "Handling errors": States.ALL catches neither of these two; States.Runtime nothing does.
    if error == "States.Runtime":
        return False
    if error == LIMIT_EXCEEDED:
        return error in error_equals
    return original(error_equals, error)
