"""Let MiniStack's EventBridge, Pipes and CloudFormation use the local Step Functions.

MiniStack: has an interpreter that validates almost nothing and whose tasks need no permissions.
AWS: validates definitions on creation, and makes every call of a task in the workflow's role.
Source: Step Functions Developer Guide, "Creating IAM roles for your workflows"; States Language
specification.
Remove this patch when the local cloud uses none of the three services of MiniStack.
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
    """Replace MiniStack's interpreter. A second app replaces the first.

    Raises:
        PatchMismatchError: MiniStack starts executions in another way.
    """
    if not _apps:
        wrap(stepfunctions, "_start_execution", "data", _answer_start)
    _apps[:] = [app]
    MachineResources(app).install()


def exists(arn: str) -> bool:
    """Return whether a state machine has this ARN."""
    return arn in _apps[0].store.machines


def start(arn: str, text: str) -> None:
    """Start an execution.

    Raises:
        ServiceError: it cannot start.
    """
    _apps[0].interpreter.start(arn, text)


def deliver(arn: str, text: str) -> bool:
    """Start an execution; return whether it started, or whether an EXPRESS one succeeded.

    Raises:
        ServiceError: it cannot start.
    """
    if not is_express(arn):
        start(arn, text)
        return True
    return _apps[0].interpreter.run(arn, text).status == SUCCEEDED


def is_express(arn: str) -> bool:
    """Return whether the state machine exists and is EXPRESS."""
    machine = _apps[0].store.machines.get(arn)
    return machine is not None and machine.is_express


def wait_scale() -> float:
    """Return the factor for waits."""
    return _apps[0].interpreter.wait_scale


def _answer_start(_original: Callable[..., Any], data: Mapping[str, Any]) -> Any:
    """Start an execution for a service of MiniStack, and answer like MiniStack."""
    try:
        arn = data["stateMachineArn"]
        text = data.get("input", "{}")
        execution = _apps[0].interpreter.start(arn, text, data.get("name"))
    except ServiceError as exc:
        return error_response_json(exc.code, exc.message, HTTPStatus.BAD_REQUEST)
    return json_response({"executionArn": execution.arn, "startDate": execution.started})
