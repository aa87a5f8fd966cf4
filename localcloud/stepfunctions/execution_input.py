"""Check the input of an execution before it starts.

Source: Step Functions API Reference, "StartExecution", Errors: InvalidExecutionInput. A number with
more digits than Python reads is valid JSON. Such an execution starts and fails.
"""

import json

from localcloud.stepfunctions.api_errors import InvalidExecutionInputError


def require_json(text: str) -> None:
    """Return if a text is JSON.

    Raises:
        InvalidExecutionInputError: the text is not JSON.
    """
    problem = None
    try:
        json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as exc:
        problem = str(exc)
    except (ValueError, RecursionError):  # valid JSON that is too long or too deep for Python
        pass

    if problem is not None:
        message = f"Invalid State Machine Execution Input: '{problem}'"
        raise InvalidExecutionInputError(message)


def _refuse(constant: str) -> None:
    raise json.JSONDecodeError(f"{constant} is not JSON", constant, 0)
