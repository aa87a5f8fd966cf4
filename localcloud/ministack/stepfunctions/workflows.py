"""Put the local Step Functions where MiniStack's EventBridge, Pipes and CloudFormation find it.

MiniStack: has an interpreter of its own, which validates almost nothing and whose tasks need no rights.
AWS: validates definitions when they are created, and makes every call of a task in the workflow's role.
Source: Step Functions Developer Guide, "Creating IAM roles for your workflows"; States Language specification.
Remove this patch when the local cloud needs MiniStack for none of the three services.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import stepfunctions

from localcloud.api.protocol import ServiceError
from localcloud.ministack.patch import wrap
from localcloud.ministack.stepfunctions.resources import MachineResources
from localcloud.stepfunctions.app import StepFunctionsApp
from localcloud.stepfunctions.executions import SUCCEEDED

_apps: list[StepFunctionsApp] = []


def install(app: StepFunctionsApp) -> None:
    """Take the place of MiniStack's interpreter. A second app takes that of the first.

    Raises:
        PatchMismatchError: this version of MiniStack starts executions otherwise.
    """
    if not _apps:
        wrap(stepfunctions, "_start_execution", "data", _answer_start)
    _apps[:] = [app]
    MachineResources(app).install()


def exists(arn: str) -> bool:
    """Return whether there is a state machine of this ARN."""
    return arn in _apps[0].store.machines


def start(arn: str, text: str) -> None:
    """Start an execution.

    Raises:
        ServiceError: it cannot start.
    """
    _apps[0].interpreter.start(arn, text)


def deliver(arn: str, text: str) -> bool:
    """Start an execution; return whether it started, or with EXPRESS whether it succeeded.

    Raises:
        ServiceError: it cannot start.
    """
    if not is_express(arn):
        start(arn, text)
        return True
    return _apps[0].interpreter.run(arn, text).status == SUCCEEDED


def is_express(arn: str) -> bool:
    """Return whether a state machine is there, and its executions are EXPRESS."""
    machine = _apps[0].store.machines.get(arn)
    return machine is not None and machine.is_express


def wait_scale() -> float:
    """Return the factor for waits."""
    return _apps[0].interpreter.wait_scale


def _answer_start(_original: Callable[..., Any], data: Mapping[str, Any]) -> Any:
    """Start an execution for a service of MiniStack; answer as MiniStack's StartExecution does."""
    try:
        arn, text = data["stateMachineArn"], data.get("input", "{}")
        execution = _apps[0].interpreter.start(arn, text, data.get("name"))
    except ServiceError as exc:
        return error_response_json(exc.code, exc.message, HTTPStatus.BAD_REQUEST)
    return json_response({"executionArn": execution.arn, "startDate": execution.started})
