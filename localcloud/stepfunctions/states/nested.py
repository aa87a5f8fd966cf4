"""Run a task that starts an execution, and may wait for its end."""

import json
from collections.abc import Mapping
from typing import Any

from localcloud.stepfunctions.clock import iso
from localcloud.stepfunctions.errors import TASK_FAILED, ExecutionOverError, StateError
from localcloud.stepfunctions.executions import SUCCEEDED, Execution
from localcloud.stepfunctions.integrations import START_SYNC, Integration
from localcloud.stepfunctions.payloads import to_text
from localcloud.stepfunctions.runtime import Runtime


def run_nested(
    parent: Execution, integration: Integration, arguments: Mapping[str, Any], runtime: Runtime
) -> dict[str, Any]:
    """Start an execution; return its description, at once or after its end.

    StartSyncExecution reports the status of a failed execution, and does not fail itself.

    Raises:
        StateError: the execution cannot start, or it fails under .sync. Then the error is
            States.TaskFailed, and the cause is the description of the execution.
    """
    runtime.services.require(parent, integration, arguments)
    started = runtime.start_nested(parent, integration, arguments)
    is_synchronous = integration.operation == START_SYNC
    if not integration.pattern and not is_synchronous:
        return {"ExecutionArn": started.arn, "StartDate": iso(started.started)}

    started.ended.wait()
    if started.is_running:  # the interpreter stops while the execution runs
        raise ExecutionOverError

    result = started.described()
    if is_synchronous:
        return result

    if started.status != SUCCEEDED:
        raise StateError(TASK_FAILED, to_text(result))

    if integration.pattern == ".sync:2":
        result["Output"] = json.loads(result["Output"])

    return result
