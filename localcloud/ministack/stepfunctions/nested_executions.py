"""An execution that a state starts and waits for: an execution like any other, which ends when its parent is stopped.

MiniStack runs it within the state: it announces no end on EventBridge, its failure bears the wrong name, and a stop
reaches nothing that the stopped execution has started.
"""

import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from threading import Event
from typing import Any

from ministack.services import stepfunctions

from localcloud.ministack.patch import wrap

_current: ContextVar[Mapping[str, Any]] = ContextVar("execution")
# What the record of an execution knows of the one that started it; the API does not show it.
_PARENT = "_parent"
# Those who wait, by the ARN of the execution that they wait for.
_waiting: dict[str, Event] = {}


def install() -> None:
    """Start nested executions as the API does, and let a stop reach all that the stopped one started."""
    wrap(stepfunctions, "_execute_task", "state_def raw_input execution ctx", _execute)
    wrap(stepfunctions, "_invoke_nested_start_execution_sync", "resource input_data", _start_and_wait)
    wrap(stepfunctions, "_run_execution", "exec_arn", _run)
    wrap(stepfunctions, "_stop_execution", "data", _stop)
    wrap(stepfunctions, "_fail_execution", "execution error cause", _fail)


def stop(arn: str, error: str | None = None, cause: str | None = None) -> None:
    """Stop an execution and all that it has started; one that has ended stays as it is."""
    stepfunctions._stop_execution({"executionArn": arn, "error": error, "cause": cause})


def _execute(
    original: Callable[..., Any], state_def: Any, raw_input: Any, execution: Mapping[str, Any], ctx: Any
) -> Any:
    token = _current.set(execution)
    try:
        return original(state_def, raw_input, execution, ctx)
    finally:
        _current.reset(token)


def _start_and_wait(_original: Callable[..., Any], resource: str, input_data: Any) -> dict[str, Any]:
    status, _, body = stepfunctions._start_execution(stepfunctions._nested_start_execution_request(input_data))
    answer = json.loads(body)
    if status != 200:
        raise stepfunctions._ExecutionError(f"StepFunctions.{answer['__type']}Exception", answer["message"])
    arn = answer["executionArn"]
    execution = stepfunctions._executions[arn]
    parent = _current.get()
    execution[_PARENT] = parent["executionArn"]
    if parent["status"] != "RUNNING":  # it was stopped before this one could be known as its own
        stop(arn)
    end = _waiting[arn] = Event()
    if execution["status"] == "RUNNING":  # else it may have ended before anybody waited
        end.wait()
    _waiting.pop(arn, None)
    result = described(execution)
    if execution["status"] != "SUCCEEDED":
        raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(result))
    if resource.endswith(":2"):
        result["Output"] = json.loads(result["Output"])
    return result


def described(execution: Mapping[str, Any]) -> dict[str, Any]:
    """An ended execution as a state's result, a failure's cause and a map's report show it: what it has, in PascalCase.

    Source: Step Functions, "ResultWriter", the examples of SUCCEEDED_0.json and FAILED_0.json.
    """
    included = {"Included": True}
    succeeded = execution["status"] == "SUCCEEDED"
    shown = {
        **({} if succeeded else {"Cause": execution.get("cause"), "Error": execution.get("error")}),
        "ExecutionArn": execution["executionArn"],
        "Input": execution["input"],
        "InputDetails": included,
        "Name": execution["name"],
        **({"Output": execution["output"], "OutputDetails": included} if succeeded else {}),
        "StartDate": execution["startDate"],
        "StateMachineArn": execution["stateMachineArn"],
        "Status": execution["status"],
        "StopDate": execution["stopDate"],
    }
    return {name: value for name, value in shown.items() if value is not None}


def _run(original: Callable[[str], None], arn: str) -> None:
    try:
        original(arn)
    finally:
        _announce_end(arn)


def _stop(original: Callable[..., Any], data: Mapping[str, Any]) -> Any:
    answer = original(data)
    if answer[0] == 200:
        arn = data["executionArn"]
        _announce_end(arn)
        started = [it for it in stepfunctions._executions.values() if it["status"] == "RUNNING" and _parent(it) == arn]
        for execution in started:
            stop(execution["executionArn"], data.get("error"), data.get("cause"))
    return answer


def _parent(execution: Mapping[str, Any]) -> str | None:
    if run := stepfunctions._map_runs.get(execution.get("mapRunArn")):
        return str(run["executionArn"])
    return execution.get(_PARENT)


def _announce_end(arn: str) -> None:
    if end := _waiting.pop(arn, None):
        end.set()


def _fail(original: Callable[..., None], execution: Mapping[str, Any], error: str, cause: str) -> None:
    # What the task of a stopped execution comes to changes nothing any more.
    if execution["status"] == "RUNNING":
        original(execution, error, cause)
