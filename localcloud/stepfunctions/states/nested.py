"""A task that starts an execution, and may wait for its end."""

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
    """Start an execution; return what is known of it, at once or when it has ended.

    StartSyncExecution reports the status of an execution that ends badly, and is no error itself.

    Raises:
        StateError: the role may not start it, it cannot be started, or with .sync (States.TaskFailed,
            with what is known of it in the cause) it ends badly.
    """
    runtime.services.require(parent, integration, arguments)
    started = runtime.start_nested(parent, integration, arguments)
    is_synchronous = integration.operation == START_SYNC
    if not integration.pattern and not is_synchronous:
        return {"ExecutionArn": started.arn, "StartDate": iso(started.started)}

    started.ended.wait()
    if started.is_running:  # the interpreter stops, and nothing has ended
        raise ExecutionOverError
    result = started.described()
    if is_synchronous:
        return result
    if started.status != SUCCEEDED:
        raise StateError(TASK_FAILED, to_text(result))
    if integration.pattern == ".sync:2":
        result["Output"] = json.loads(result["Output"])
    return result
