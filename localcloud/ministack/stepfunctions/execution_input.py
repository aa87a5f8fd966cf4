"""An execution whose input is not JSON is refused, as on AWS; MiniStack starts it, and its thread dies.

Source: Step Functions API Reference, "StartExecution", Errors: InvalidExecutionInput, "The provided JSON input
data is not valid." A number with more digits than Python reads is valid JSON, so such an execution starts.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import stepfunctions

from localcloud.ministack.patch import wrap

CODE = "InvalidExecutionInput"


def install() -> None:
    """Read the input before an execution starts."""
    for start in ("_start_execution", "_start_sync_execution"):
        wrap(stepfunctions, start, "data", _checked)


def _checked(original: Callable[..., Any], data: Mapping[str, Any]) -> Any:
    problem = _problem(data.get("input", "{}"))
    if problem is None:
        return original(data)
    return error_response_json(CODE, f"Invalid State Machine Execution Input: '{problem}'", 400)


def _problem(text: Any) -> str | None:
    if not isinstance(text, str):
        return f"a string that holds JSON is needed, not {type(text).__name__}"
    try:
        json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as exc:
        return str(exc)
    except (ValueError, RecursionError):  # more digits, or deeper, than Python reads
        return None
    return None


def _refuse(constant: str) -> None:
    raise json.JSONDecodeError(f"{constant} is not JSON", constant, 0)
