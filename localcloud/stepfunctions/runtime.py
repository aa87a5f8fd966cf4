"""Define the interface of the interpreter for states."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from localcloud.stepfunctions.executions import Execution
from localcloud.stepfunctions.integrations import Integration
from localcloud.stepfunctions.life import Life
from localcloud.stepfunctions.map_runs import MapRun
from localcloud.stepfunctions.payloads import Payload
from localcloud.stepfunctions.scope import Scope
from localcloud.stepfunctions.surroundings import Services
from localcloud.stepfunctions.threads import Threads


class Runtime(Protocol):
    """The interpreter for states."""

    @property
    def services(self) -> Services:
        """Return the services that tasks call."""

    @property
    def threads(self) -> Threads:
        """Return the threads for tasks, branches and iterations."""

    def pause(self, seconds: float, life: Life) -> None:
        """Wait as a Wait state or a Retry does. Raises as `Life.require` does."""

    def walk(self, machine: Mapping[str, Any], given: Payload, scope: Scope) -> Payload:
        """Run states from StartAt until one ends; return its output.

        Raises:
            StateError: a state fails, and no catcher matches.
            ExecutionOverError, ExecutionTimedOutError: as `Life.require` does.
        """

    def invoke(
        self,
        execution: Execution,
        integration: Integration,
        arguments: Any,
        call: Callable[[], Any],
    ) -> Any:
        """Make the call of a task, unless it is intercepted.

        Raises:
            StateError: with the error of the role or the service.
        """

    def start_nested(
        self, parent: Execution, integration: Integration, arguments: Mapping[str, Any]
    ) -> Execution:
        """Start the execution of a task.

        Raises:
            StateError: with the error of the role or the service.
        """

    def start_map_run(self, run: MapRun) -> None:
        """Register a map run, and abort an interrupted run of the same state."""

    def run_child(self, run: MapRun, index: int, given: Payload) -> Execution:
        """Run the child execution for the item with this index to its end, and return it."""

    def abort(self, execution: Execution) -> None:
        """Stop a running execution and the executions that it started."""
