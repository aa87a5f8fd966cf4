"""What the interpreter finds around it: IAM, the services that tasks call, CloudWatch, EventBridge."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from localcloud.api.authorizer import Authorizer
from localcloud.stepfunctions.executions import Execution
from localcloud.stepfunctions.integrations import Integration


class Services(Protocol):
    """The services that tasks call, each call in the role of the execution's state machine."""

    def require(
        self, execution: Execution, integration: Integration, arguments: Mapping[str, Any]
    ) -> None:
        """Return if the role may make the call.

        Raises:
            StateError: States.Permissions, the role cannot be assumed; or the general error of the
                integration, the role's policies do not allow the call.
        """

    def call(self, execution: Execution, integration: Integration, arguments: Any) -> Any:
        """Make the call, if the role may; return its result with the names that states see.

        Raises:
            StateError: the role may not, or the service answers an error.
        """


class Telemetry(Protocol):
    """Takes what executions tell of themselves."""

    def announce(self, region: str, detail: Mapping[str, Any]) -> None:
        """Put the event "Step Functions Execution Status Change" on the default event bus."""

    def count(self, region: str, metric: str, machine_arn: str) -> None:
        """Count one execution in a metric of the namespace AWS/States."""

    def log(self, region: str, group_arn: str, stream: str, lines: Iterable[str]) -> None:
        """Write lines to a log group."""


class WorkflowRoles(Protocol):
    """The roles of state machines."""

    def require_assumable(self, role_arn: str, machine_arn: str) -> None:
        """Return if Step Functions can assume the role on behalf of a state machine.

        Raises:
            RoleNotAssumableError: the role does not exist or does not trust Step Functions.
        """


class LogDelivery(Protocol):
    """The log groups, and the permissions to deliver logs to them."""

    def require(self, role_arn: str, machine_arn: str, group_arn: str) -> None:
        """Return if the role of a state machine may deliver its log to a log group.

        Raises:
            InvalidLoggingError: there is no such log group.
            LogDestinationDeniedError: the role may not.
        """


@dataclass(frozen=True)
class TaskCall:
    """A call that a task is about to make.

    Args:
        execution: whose task it is.
        integration: what it calls.
        arguments: with what.
        make: makes the call; returns its result or raises StateError.
        stop: ends the execution as StopExecution does, with an error and a cause.
        time_out: ends the execution as the TimeoutSeconds of its state machine does.
    """

    execution: Execution
    integration: Integration
    arguments: Any
    make: Callable[[], Any]
    stop: Callable[[str, str], object]
    time_out: Callable[[], object]


# Takes the place of each call of a task: it may make the call, fail it, or end the execution.
type Interceptor = Callable[[TaskCall], Any]


def make_call(call: TaskCall) -> Any:
    """Make the call of a task, and nothing else."""
    return call.make()


@dataclass(frozen=True)
class Surroundings:
    """The other services, and the settings.

    Args:
        services: Makes the calls of tasks.
        telemetry: Takes events, metrics and logs.
        roles: Knows which roles Step Functions can assume.
        log_delivery: Judges where a state machine may log.
        authorizer: Asked before an operation is done.
        wait_scale: Factor for the waits of Wait states and retries.
        account: The account of every ARN.
        default_region: The region of a request that does not say for which it is signed.
    """

    services: Services
    telemetry: Telemetry
    roles: WorkflowRoles
    log_delivery: LogDelivery
    authorizer: Authorizer
    wait_scale: float = 1.0
    account: str = "000000000000"
    default_region: str = "us-east-1"
