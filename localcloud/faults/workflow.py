"""Inject faults into Step Functions: its calls of DynamoDB and EventBridge, and executions that
end.
"""

from contextvars import ContextVar
from typing import Any

from localcloud.faults.injector import Injector
from localcloud.faults.kinds import DYNAMODB_READ, DYNAMODB_WRITE, EXECUTION, PUT_EVENTS, Point
from localcloud.stepfunctions.errors import ExecutionOverError, StateError
from localcloud.stepfunctions.surroundings import TaskCall

# The faults of a workflow's own calls, by service and operation.
_POINTS: dict[tuple[str, str], Point] = {
    ("dynamodb", "GetItem"): DYNAMODB_READ,
    ("dynamodb", "PutItem"): DYNAMODB_WRITE,
    ("dynamodb", "UpdateItem"): DYNAMODB_WRITE,
    ("events", "PutEvents"): PUT_EVENTS,
}
# The errors that states see: for calls that were not made, and for calls whose answer is lost.
_REFUSED = {
    "dynamodb-throttled": "DynamoDB.ProvisionedThroughputExceededException",
    "put-events-failed": "EventBridge.FailedEntry",
}
_ANSWER_LOST = {
    "dynamodb-answer-lost": "DynamoDB.SdkClientException",
    "dynamodb-timed-out": "States.Timeout",
    "put-events-answer-lost": "EventBridge.SdkClientException",
}
_subject: ContextVar[str | None] = ContextVar("subject_of_task", default=None)


def subject_of_task() -> str | None:
    """Return the subject of the execution whose task runs in this thread, or None."""
    return _subject.get()


class FaultyWorkflow:
    """Watch every call of a task whose execution has a subject."""

    def __init__(self, injector: Injector) -> None:
        self._injector = injector

    def intercept(self, call: TaskCall) -> Any:
        """Make a call, or fail it, or end its execution.

        Raises:
            StateError: the call fails.
            ExecutionOverError: the execution was ended.
        """
        subject = self._injector.subject_in(call.execution.input)
        if subject is None:
            return call.make()

        token = _subject.set(subject)
        try:
            return self._about(subject, call)
        finally:
            _subject.reset(token)

    def _about(self, subject: str, call: TaskCall) -> Any:
        # ^Only a Standard execution can be stopped; the children of a Map belong to their
        # parent.
        if not call.execution.is_express and call.execution.map_run_arn is None:
            self._end(subject, call)
        called = call.integration.service, call.integration.operation
        strike = self._injector.strike(_POINTS.get(called, ()), subject)
        if strike is not None and strike.kind in _REFUSED:
            raise StateError(_REFUSED[strike.kind], "Injected: the call was not made.")

        result = call.make()
        if strike is not None:
            raise StateError(_ANSWER_LOST[strike.kind], "Injected: the call was made.")

        return result

    def _end(self, subject: str, call: TaskCall) -> None:
        strike = self._injector.strike(EXECUTION, subject)
        if strike is None:
            return

        if strike.kind == "execution-timed-out":
            call.time_out()
        else:
            call.stop("Injected", "Injected.")

        try:
            if strike.kind == "execution-aborted-mid-call":
                call.make()
        finally:  # the result is unused: the execution has ended
            raise ExecutionOverError
