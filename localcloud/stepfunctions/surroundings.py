"""Define the services around the interpreter: IAM, CloudWatch, EventBridge and others."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from localcloud.api.authorizer import Authorizer
from localcloud.stepfunctions.executions import Execution
from localcloud.stepfunctions.integrations import Integration


class Services(Protocol):
    """The services that tasks call in the role of the state machine."""

    def require(
        self, execution: Execution, integration: Integration, arguments: Mapping[str, Any]
    ) -> None:
        """Return if the role allows the call.

        Raises:
            StateError: States.Permissions if the role cannot be assumed; the general error of the
                integration if the policies do not allow the call.
        """

    def call(self, execution: Execution, integration: Integration, arguments: Any) -> Any:
        """Make the call if the role allows it; return its result with the names for states.

        Raises:
            StateError: the role does not allow the call, or the service answers an error.
        """


class Telemetry(Protocol):
    """The receivers of events, metrics and logs of executions."""

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
            InvalidLoggingError: the log group does not exist.
            LogDestinationDeniedError: the role lacks a permission.
        """


@dataclass(frozen=True)
class TaskCall:
    """A call that a task is about to make.

    Args:
        execution: the execution of the task.
        integration: the called integration.
        arguments: the arguments of the call.
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


# Replaces each call of a task: makes the call, fails it, or ends the execution.
type Interceptor = Callable[[TaskCall], Any]


def make_call(call: TaskCall) -> Any:
    """Make the call of a task."""
    return call.make()


@dataclass(frozen=True)
class Surroundings:
    """The other services, and the settings.

    Args:
        services: makes the calls of tasks.
        telemetry: receives events, metrics and logs.
        roles: decides which roles Step Functions can assume.
        log_delivery: decides where a state machine can log.
        authorizer: decides whether an operation is allowed.
        wait_scale: the factor for Wait states and retries.
        account: the account of every ARN.
        default_region: the region of requests that are not signed for a region.
    """

    services: Services
    telemetry: Telemetry
    roles: WorkflowRoles
    log_delivery: LogDelivery
    authorizer: Authorizer
    wait_scale: float = 1.0
    account: str = "000000000000"
    default_region: str = "us-east-1"
