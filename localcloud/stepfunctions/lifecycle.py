"""Begin and end executions: status, history, events, metrics and logs."""

import logging
from threading import Lock

from localcloud.stepfunctions.clock import now
from localcloud.stepfunctions.errors import TIMEOUT
from localcloud.stepfunctions.executions import (
    ABORTED,
    FAILED,
    RUNNING,
    SUCCEEDED,
    TIMED_OUT,
    Execution,
)
from localcloud.stepfunctions.history import Packer
from localcloud.stepfunctions.life import Life
from localcloud.stepfunctions.surroundings import Telemetry
from localcloud.stepfunctions.telemetry import METRICS, log_lines, status_change

_logger = logging.getLogger(__name__)
# Step Functions, "Choosing workflow type": the longest duration of an EXPRESS execution.
_EXPRESS_SECONDS = 300
_EVENTS = {
    SUCCEEDED: "ExecutionSucceeded",
    FAILED: "ExecutionFailed",
    ABORTED: "ExecutionAborted",
    TIMED_OUT: "ExecutionTimedOut",
}


class Lifecycle:
    """Know the running executions, and publish their beginning and end."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._packer = Packer()
        self._lock = Lock()
        self.running: set[Execution] = set()

    def begin(self, execution: Execution, *, is_announced: bool = True) -> None:
        """Begin an execution, with the time limit of its state machine.

        Args:
            execution: an execution without a history.
            is_announced: whether an event and a metric announce the beginning.
        """
        seconds = execution.revision.data.get("TimeoutSeconds")
        if execution.is_express:
            seconds = min(seconds or _EXPRESS_SECONDS, _EXPRESS_SECONDS)

        execution.life = Life(seconds=None if execution.map_run_arn else seconds)
        details = {"input": execution.input, "roleArn": execution.revision.role_arn}
        execution.history.add("ExecutionStarted", executionStartedEventDetails=details)
        self.running.add(execution)
        if is_announced:
            self._tell(execution)

    def begin_again(self, execution: Execution) -> None:
        """Begin the redrive of an execution."""
        with self._lock:
            execution.redrives += 1
            execution.redriven = now()
            execution.stopped = execution.error = execution.cause = None
            execution.ended.clear()
            execution.life = Life(seconds=execution.revision.data.get("TimeoutSeconds"))
            execution.status = RUNNING
            self.running.add(execution)

        details = {"redriveCount": execution.redrives}
        execution.history.add("ExecutionRedriven", executionRedrivenEventDetails=details)
        self._tell(execution)

    def end(
        self,
        execution: Execution,
        status: str,
        error: str | None = None,
        cause: str | None = None,
        output: str | None = None,
    ) -> bool:
        """End an execution; return whether it was running.

        Args:
            execution: the execution.
            status: the last status.
            error: the name of the error.
            cause: the cause of the error.
            output: the text of the output of a success.
        """
        with self._lock:
            if not execution.is_running or execution.ended.is_set():
                return False
            kind = _EVENTS[status]
            details = {"error": error, "cause": cause, "output": output}
            given = {name: value for name, value in details.items() if value is not None}
            member = f"{kind[0].lower()}{kind[1:]}EventDetails"
            execution.history.add(kind, None, **{member: given})
            execution.output = output
            execution.end(status, error, cause)

        self.running.discard(execution)
        self._tell(execution)
        self._packer.later(execution.history)
        execution.ended.set()

        return True

    def time_out(self, execution: Execution) -> bool:
        """End an execution that exceeded the time limit of its state machine."""
        return self.end(execution, TIMED_OUT, TIMEOUT)

    def read(self, execution: Execution) -> list[dict[str, object]]:
        """Return the history of an execution."""
        was_packed = execution.history.is_packed
        events = execution.history.events
        if was_packed:
            self._packer.later(execution.history)
        return events

    def _tell(self, execution: Execution) -> None:
        """Publish events, metrics and logs; failures go to the log of the local cloud."""
        try:
            if execution.map_run_arn is None:
                machine_arn = execution.machine_arn
                self._telemetry.count(execution.region, METRICS[execution.status], machine_arn)
                if not execution.is_express:
                    self._telemetry.announce(execution.region, status_change(execution))
            if not execution.is_running:
                self._log(execution)
        except Exception:  # the border to other services: an execution ends even if they fail
            _logger.exception("The status of %s cannot be published", execution.arn)

    def _log(self, execution: Execution) -> None:
        lines = list(log_lines(execution))
        if not lines:
            return
        for destination in execution.revision.logging.get("destinations", []):
            group_arn = destination["cloudWatchLogsLogGroup"]["logGroupArn"]
            stream = f"states/{execution.name}"
            self._telemetry.log(execution.region, group_arn, stream, lines)
