"""Invoke a Lambda function for a task."""

import json
from collections.abc import Mapping
from typing import Any

from ministack.services import lambda_svc

from localcloud.stepfunctions.errors import StateError
from localcloud.stepfunctions.executions import Execution
from localcloud.stepfunctions.integrations import Integration


def invoke(_: Execution, integration: Integration, arguments: Any) -> Any:
    """Return the answer of a function, in the member Payload for lambda:invoke.

    Raises:
        StateError: with the class of the function's error. The cause is Lambda's answer as JSON,
            with errorType, errorMessage and stack trace.
    """
    if integration.is_function:
        return _answer(integration.resource, arguments)
    payload = _answer(str(arguments.get("FunctionName")), arguments.get("Payload", {}))
    return {"StatusCode": 200, "Payload": payload}


def _answer(reference: str, event: Any) -> Any:
    function, config, name = lambda_svc._get_func_record_for_ref(reference)
    if not function or not config:
        raise StateError("Lambda.ResourceNotFoundException", f"Function not found: {name}")

    record = lambda_svc._execution_record_for_config(function, config)
    result: Mapping[str, Any] = lambda_svc._execute_function_with_config_scope(record, event)
    body = result.get("body")
    if result.get("error"):
        if isinstance(body, dict):
            raise StateError(body.get("errorType", "Lambda.Unknown"), json.dumps(body))
        raise StateError("Lambda.Unknown", str(body))

    if not isinstance(body, str | bytes):
        return body

    try:
        return json.loads(body)
    except ValueError:
        return body if isinstance(body, str) else body.decode(errors="replace")
