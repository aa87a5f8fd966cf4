"""Faults of Step Functions: its own calls of DynamoDB and EventBridge, and executions that end in the middle."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import stepfunctions

from localcloud.faults.injector import Injector
from localcloud.faults.kinds import DYNAMODB_READ, DYNAMODB_WRITE, EXECUTION, PUT_EVENTS, Point
from localcloud.ministack.patch import wrap

# What can go wrong with the calls that a workflow makes itself, by the end of the Task's Resource.
_POINTS: dict[str, Point] = {
    "dynamodb:getItem": DYNAMODB_READ,
    "dynamodb:putItem": DYNAMODB_WRITE,
    "dynamodb:updateItem": DYNAMODB_WRITE,
    "events:putEvents": PUT_EVENTS,
}
# The errors that states see: of calls that never happened, and of calls whose answer alone is missing.
_REFUSED = {
    "dynamodb-throttled": "DynamoDB.ProvisionedThroughputExceededException",
    "put-events-failed": "EventBridge.FailedEntry",
}
_ANSWER_LOST = {
    "dynamodb-answer-lost": "DynamoDB.SdkClientException",
    "dynamodb-timed-out": "States.Timeout",
    "put-events-answer-lost": "EventBridge.SdkClientException",
}


class ExecutionOverError(Exception):
    """The execution was ended from outside: its task has no result any more."""


@dataclass(frozen=True)
class _Task:
    execution: dict[str, Any]
    subject: str


_task: ContextVar[_Task | None] = ContextVar("faulty_task", default=None)


def subject_of_task() -> str | None:
    """Return the subject of the execution whose task runs in this thread, or None."""
    task = _task.get()
    return task.subject if task else None


class FaultyWorkflow:
    """Looks at every task of an execution that has a subject."""

    def __init__(self, injector: Injector) -> None:
        self._injector = injector

    def install(self) -> None:
        """Change Step Functions in this process, for good."""
        wrap(stepfunctions, "_execute_task", "state_def raw_input execution ctx", self._execute)
        wrap(stepfunctions, "_invoke_resource", "resource input_data", self._invoke)

    def _execute(
        self, original: Callable[..., Any], state_def: Any, raw_input: Any, execution: dict[str, Any], ctx: Any
    ) -> Any:
        key = self._injector.subject_in(execution["input"])
        token = _task.set(_Task(execution, key) if key else None)
        try:
            return original(state_def, raw_input, execution, ctx)
        except ExecutionOverError:
            return raw_input, None
        finally:
            _task.reset(token)

    def _invoke(self, original: Callable[..., Any], resource: str, input_data: Any) -> Any:
        task = _task.get()
        if task is None:
            return original(resource, input_data)
        # Only a Standard execution can be stopped, and tells about it; a child of a Map is its parent's business.
        if not task.execution.get("sync") and "/" not in task.execution["stateMachineArn"]:
            self._end(task, lambda: original(resource, input_data))
        strike = self._injector.strike(_POINTS.get(resource.partition(":::")[2], ()), task.subject)
        if strike is not None and strike.kind in _REFUSED:
            raise stepfunctions._ExecutionError(_REFUSED[strike.kind], "Injected: the call was not made.")
        result = original(resource, input_data)
        if strike is not None:
            raise stepfunctions._ExecutionError(_ANSWER_LOST[strike.kind], "Injected: the call was made.")
        return result

    def _end(self, task: _Task, call: Callable[[], Any]) -> None:
        strike = self._injector.strike(EXECUTION, task.subject)
        if strike is None:
            return
        if strike.kind == "execution-timed-out":
            _time_out(task.execution)
        else:
            arn = task.execution["executionArn"]
            stepfunctions._stop_execution({"executionArn": arn, "error": "Injected", "cause": "Injected."})
        try:
            if strike.kind == "execution-aborted-mid-call":
                call()
        finally:  # whatever came of the call: nobody waits for it any more
            raise ExecutionOverError


def _time_out(execution: dict[str, Any]) -> None:
    """End an execution as Step Functions does after its TimeoutSeconds, which MiniStack does not have."""
    execution |= {"status": "TIMED_OUT", "stopDate": now_iso()}
    stepfunctions._add_event(execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {}})
    stepfunctions._emit_execution_status_event(execution)
