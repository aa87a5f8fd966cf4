"""Start, run, stop and resume executions."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from localcloud.api.protocol import InvalidRequestError
from localcloud.stepfunctions.api_errors import (
    ExecutionExistsError,
    MachineMissingError,
)
from localcloud.stepfunctions.errors import StateError
from localcloud.stepfunctions.execution_input import require_json
from localcloud.stepfunctions.execution_run import run_to_end
from localcloud.stepfunctions.executions import ABORTED, Execution
from localcloud.stepfunctions.history import History
from localcloud.stepfunctions.integrations import START_SYNC, Integration
from localcloud.stepfunctions.life import Life
from localcloud.stepfunctions.lifecycle import Lifecycle
from localcloud.stepfunctions.map_runs import MapRun
from localcloud.stepfunctions.payloads import Payload, to_text
from localcloud.stepfunctions.scope import Scope
from localcloud.stepfunctions.states.walk import walk
from localcloud.stepfunctions.store import Store
from localcloud.stepfunctions.surroundings import Interceptor, Surroundings, TaskCall, make_call
from localcloud.stepfunctions.threads import Threads


class Interpreter:
    """Run each execution on its own thread; implement `runtime.Runtime` for their states.

    Args:
        store: the state machines, executions and map runs.
        surroundings: the other services of the local cloud.
        intercept: called around each call of a task; may fail the call or end the execution.
    """

    def __init__(
        self, store: Store, surroundings: Surroundings, intercept: Interceptor = make_call
    ) -> None:
        self.store = store
        self.services = surroundings.services
        self.threads = Threads("states")
        self.lifecycle = Lifecycle(surroundings.telemetry)
        self.wait_scale = surroundings.wait_scale
        self._intercept = intercept

    def start(
        self,
        machine_arn: str,
        text: str = "{}",
        name: str | None = None,
        parent_arn: str | None = None,
    ) -> Execution:
        """Start an execution, or return a running execution with this name and input.

        Raises:
            MachineMissingError, ExecutionExistsError, InvalidExecutionInputError: the execution
                cannot start.
        """
        execution, is_new = self._make(machine_arn, text, name, parent_arn)
        if is_new:
            self.lifecycle.begin(execution)
            self._submit(execution)
        return execution

    def run(self, machine_arn: str, text: str = "{}", name: str | None = None) -> Execution:
        """Run an execution to its end, in this thread, and return it. Raises as `start` does."""
        execution, _ = self._make(machine_arn, text, name, None)
        self.lifecycle.begin(execution)
        run_to_end(execution, self, self.lifecycle)
        return execution

    def stop(
        self, execution: Execution, error: str | None = None, cause: str | None = None
    ) -> None:
        """Stop a running execution and the executions that it started."""
        if self.lifecycle.end(execution, ABORTED, error, cause):
            for other in list(self.lifecycle.running):
                if other.parent_arn == execution.arn:
                    self.stop(other, error, cause)

    def resume(self) -> int:
        """Restart the executions that ran when an earlier process ended; return their number.

        The children of a map are dropped, because their parent starts new children.
        """
        interrupted = [one for one in self.store.executions.values() if one.is_running]
        for run in self.store.map_runs.values():
            run.abort()

        for execution in interrupted:
            if execution.map_run_arn is not None:
                del self.store.executions[execution.arn]
                continue
            execution.history = History()
            execution.position = None
            self.lifecycle.begin(execution, is_announced=False)
            self._submit(execution)

        return len(interrupted)

    def redrive(self, execution: Execution) -> None:
        """Continue a failed execution from the state in which it ended."""
        self.lifecycle.begin_again(execution)
        self._submit(execution)

    def close(self) -> None:
        """End all threads. Running executions keep their status for a later `resume`."""
        for execution in list(self.lifecycle.running):
            execution.life.end()
            execution.ended.set()

    # The methods for states (see `runtime.Runtime`).

    def pause(self, seconds: float, life: Life) -> None:
        """Wait as a Wait state or a Retry does. Raises as `Life.require` does."""
        life.wait(seconds * self.wait_scale)

    def walk(self, machine: Mapping[str, Any], given: Payload, scope: Scope) -> Payload:
        """Run the states of a branch or an iteration. Raises as `states.walk.walk` does."""
        return walk(machine, given, scope, self)

    def invoke(
        self,
        execution: Execution,
        integration: Integration,
        arguments: Any,
        call: Callable[[], Any],
    ) -> Any:
        """Make the call of a task, unless it is intercepted."""

        def stop(error: str, cause: str) -> None:
            self.stop(execution, error, cause)

        def time_out() -> None:
            self.lifecycle.time_out(execution)

        return self._intercept(TaskCall(execution, integration, arguments, call, stop, time_out))

    def start_nested(
        self, parent: Execution, integration: Integration, arguments: Mapping[str, Any]
    ) -> Execution:
        """Start the execution of a task.

        Raises:
            StateError: the execution cannot start.
        """
        given = arguments.get("Input", {})
        text = given if isinstance(given, str) else to_text(given)
        machine_arn = str(arguments.get("StateMachineArn"))
        name = arguments.get("Name")
        machine = self.store.machines.get(machine_arn)
        if integration.operation == START_SYNC and machine is not None and not machine.is_express:
            message = "This operation is not supported by this type of state machine"
            raise StateError(f"{integration.prefix}.StateMachineTypeNotSupportedException", message)

        try:
            started = self.start(machine_arn, text, name, parent.arn)
        except InvalidRequestError as exc:
            raise StateError(f"{integration.prefix}.{exc.code}Exception", exc.message) from exc

        if not parent.is_running:  # the parent was stopped before this child was registered
            self.stop(started)

        return started

    def start_map_run(self, run: MapRun) -> None:
        """Register a map run."""
        self.store.map_runs[run.arn] = run

    def run_child(self, run: MapRun, index: int, given: Payload) -> Execution:
        """Run the child execution for an item to its end, and return it."""
        assert run.parent is not None
        name = str(uuid4())
        child = Execution(
            arn=f"{run.machine_arn.replace(':stateMachine:', ':execution:')}:{name}",
            machine_arn=run.machine_arn,
            name=name,
            input=given.text,
            revision=run.parent.revision,
            map_run_arn=run.arn,
            parent_arn=run.parent.arn,
        )
        self.store.executions[child.arn] = child
        self.lifecycle.begin(child)
        run.begin(index, child)
        run_to_end(child, self, self.lifecycle, run.processor)

        return child

    def abort(self, execution: Execution) -> None:
        """Stop a running execution and the executions that it started."""
        self.stop(execution)

    def _make(
        self, machine_arn: str, text: str, name: str | None, parent_arn: str | None
    ) -> tuple[Execution, bool]:
        """Return a new execution, or the running execution with this name."""
        machine = self.store.machines.get(machine_arn)
        if machine is None:
            raise MachineMissingError(f"State Machine Does Not Exist: '{machine_arn}'")

        require_json(text)
        arn = machine.execution_arn(name or str(uuid4()))
        same = self.store.executions.get(arn)
        if same is not None:
            if same.is_running and same.input == text:
                return same, False
            raise ExecutionExistsError(f"Execution Already Exists: '{arn}'")

        execution = Execution(
            arn=arn,
            machine_arn=machine_arn,
            name=arn.split(":")[7],
            input=text,
            revision=machine.revision,
            is_express=machine.is_express,
            parent_arn=parent_arn,
        )
        if not machine.is_express:  # the API hides executions of EXPRESS workflows
            self.store.executions[arn] = execution

        return execution, True

    def _submit(self, execution: Execution) -> None:
        self.threads.submit(lambda: run_to_end(execution, self, self.lifecycle))
